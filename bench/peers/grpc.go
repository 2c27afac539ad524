package peers

import (
	"context"
	"fmt"
	"sync"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// Names of gRPC services: what the plugin offers, and what its host does.
const (
	pluginService = "bulkhead.bench.Plugin"
	hostService   = "bulkhead.bench.Host"
)

// BackCalls is how often the plugin calls its host when it is asked by the name Back.
const (
	Back      = "Back"
	BackCalls = 8
)

// grpcPlugin is the plugin over gRPC: from bytes to bytes, without generated code.
type grpcPlugin struct {
	plugin.NetRPCUnsupportedPlugin
	service Service
	hosted  HostFunc
}

// hostID is where the broker finds the host's side.
const hostID = 1

// GRPCServer implements plugin.GRPCPlugin.
func (p *grpcPlugin) GRPCServer(broker *plugin.GRPCBroker, s *grpc.Server) error {
	dial := sync.OnceValues(func() (*grpc.ClientConn, error) { return broker.Dial(hostID) })
	d := grpc.ServiceDesc{ServiceName: pluginService, HandlerType: (*any)(nil)}
	for name, f := range p.service {
		d.Methods = append(d.Methods, method(name, f))
	}
	d.Methods = append(d.Methods, method(Back, func(ctx context.Context, request []byte) ([]byte, error) {
		host, err := dial()
		if err != nil {
			return nil, err
		}
		for range BackCalls {
			if err := host.Invoke(ctx, "/"+hostService+"/"+HostFunction, wrapperspb.Bytes(request), &wrapperspb.BytesValue{}); err != nil {
				return nil, err
			}
		}
		return nil, nil
	}))
	s.RegisterService(&d, p)
	return nil
}

func method(name string, f func(context.Context, []byte) ([]byte, error)) grpc.MethodDesc {
	return grpc.MethodDesc{MethodName: name, Handler: func(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
		request := &wrapperspb.BytesValue{}
		if err := decode(request); err != nil {
			return nil, err
		}
		answer, err := f(ctx, request.Value)
		return wrapperspb.Bytes(answer), err
	}}
}

// GRPCClient implements plugin.GRPCPlugin.
func (p *grpcPlugin) GRPCClient(_ context.Context, broker *plugin.GRPCBroker, c *grpc.ClientConn) (any, error) {
	if p.hosted != nil {
		go broker.AcceptAndServe(hostID, func(o []grpc.ServerOption) *grpc.Server {
			s := grpc.NewServer(o...)
			s.RegisterService(&grpc.ServiceDesc{ServiceName: hostService, HandlerType: (*any)(nil), Methods: []grpc.MethodDesc{
				method(HostFunction, func(_ context.Context, data []byte) ([]byte, error) { return nil, p.hosted(data) }),
			}}, p)
			return s
		})
	}
	return grpcAsker{c}, nil
}

type grpcAsker struct{ conn *grpc.ClientConn }

func (c grpcAsker) ask(ctx context.Context, name string, request []byte) ([]byte, error) {
	answer := &wrapperspb.BytesValue{}
	if err := c.conn.Invoke(ctx, "/"+pluginService+"/"+name, wrapperspb.Bytes(request), answer); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return answer.Value, nil
}
