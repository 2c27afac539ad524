package main

import (
	"context"
	"fmt"
	"net/rpc"
	"os"
	"os/exec"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
)

// Tasks of a child that serves go-plugin, by its protocol.
const (
	taskRPC  = "go-plugin/rpc"
	taskGRPC = "go-plugin/grpc"
)

// An echoer is what both protocols offer.
type echoer interface {
	Echo(ctx context.Context, request []byte) ([]byte, error)
}

func handshake() plugin.HandshakeConfig {
	return plugin.HandshakeConfig{ProtocolVersion: 1, MagicCookieKey: "BULKHEAD_BENCH_PLUGIN", MagicCookieValue: "echo"}
}

func pluginOf(task string) plugin.PluginSet {
	if task == taskGRPC {
		return plugin.PluginSet{"echo": grpcEcho{}}
	}
	return plugin.PluginSet{"echo": rpcEcho{}}
}

// servePlugin is the child. Both answer from Go code, without any sandbox.
func servePlugin(task string) {
	c := &plugin.ServeConfig{HandshakeConfig: handshake(), Plugins: pluginOf(task), Logger: hclog.NewNullLogger()}
	if task == taskGRPC {
		c.GRPCServer = plugin.DefaultGRPCServer
	}
	plugin.Serve(c)
}

// goPlugin starts this program as a plugin.
func (b *bench) goPlugin(task string) (caller, error) {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), childVariable+"="+task)
	client := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig: handshake(), Plugins: pluginOf(task), Cmd: cmd, Logger: hclog.NewNullLogger(),
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolNetRPC, plugin.ProtocolGRPC},
	})
	b.closing(client.Kill)
	protocol, err := client.Client()
	if err != nil {
		return nil, err
	}
	raw, err := protocol.Dispense("echo")
	if err != nil {
		return nil, err
	}
	e, ok := raw.(echoer)
	if !ok {
		return nil, fmt.Errorf("a plugin that is %T", raw)
	}
	return func(ctx context.Context, _, request []byte) ([]byte, error) { return e.Echo(ctx, request) }, nil
}

// rpcEcho is the plugin over net/rpc.
type rpcEcho struct{}

// Server implements plugin.Plugin.
func (rpcEcho) Server(*plugin.MuxBroker) (any, error) { return rpcServer{}, nil }

// Client implements plugin.Plugin.
func (rpcEcho) Client(_ *plugin.MuxBroker, c *rpc.Client) (any, error) { return rpcClient{c}, nil }

type rpcServer struct{}

// Echo is the method that net/rpc finds.
func (rpcServer) Echo(request []byte, answer *[]byte) error {
	*answer = request
	return nil
}

type rpcClient struct{ *rpc.Client }

// Echo implements echoer.
func (c rpcClient) Echo(_ context.Context, request []byte) (answer []byte, err error) {
	err = c.Call("Plugin.Echo", request, &answer)
	return answer, err
}
