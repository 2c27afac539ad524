package main

import (
	"context"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// grpcEcho is the plugin over gRPC: one method from bytes to bytes, without generated code.
type grpcEcho struct{ plugin.NetRPCUnsupportedPlugin }

const (
	echoService = "bulkhead.bench.Echo"
	echoMethod  = "Echo"
)

// GRPCServer implements plugin.GRPCPlugin.
func (grpcEcho) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error {
	s.RegisterService(&grpc.ServiceDesc{
		ServiceName: echoService, HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{MethodName: echoMethod, Handler: handleEcho}},
	}, grpcEcho{})
	return nil
}

func handleEcho(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	request := &wrapperspb.BytesValue{}
	return request, decode(request)
}

// GRPCClient implements plugin.GRPCPlugin.
func (grpcEcho) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, c *grpc.ClientConn) (any, error) {
	return grpcClient{c}, nil
}

type grpcClient struct{ *grpc.ClientConn }

// Echo implements echoer.
func (c grpcClient) Echo(ctx context.Context, request []byte) ([]byte, error) {
	answer := &wrapperspb.BytesValue{}
	err := c.Invoke(ctx, "/"+echoService+"/"+echoMethod, wrapperspb.Bytes(request), answer)
	return answer.GetValue(), err
}
