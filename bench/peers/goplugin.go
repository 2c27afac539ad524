package peers

import (
	"context"
	"fmt"
	"net/rpc"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
)

// Protocols of a child that serves go-plugin.
const (
	NetRPC = "go-plugin/rpc"
	GRPC   = "go-plugin/grpc"
)

// A Service is what a plugin offers, by name: native Go code without any sandbox.
type Service map[string]func(ctx context.Context, request []byte) ([]byte, error)

// asker is what both protocols make of a Service.
type asker interface {
	ask(ctx context.Context, name string, request []byte) ([]byte, error)
}

func handshake() plugin.HandshakeConfig {
	return plugin.HandshakeConfig{ProtocolVersion: 1, MagicCookieKey: "BULKHEAD_BENCH_PLUGIN", MagicCookieValue: "bench"}
}

func pluginOf(protocol string, s Service, hosted HostFunc) plugin.PluginSet {
	if protocol == GRPC {
		return plugin.PluginSet{"bench": &grpcPlugin{service: s, hosted: hosted}}
	}
	return plugin.PluginSet{"bench": rpcPlugin{s}}
}

// ServePlugin is the child.
func ServePlugin(protocol string, s Service) {
	c := &plugin.ServeConfig{HandshakeConfig: handshake(), Plugins: pluginOf(protocol, s, nil), Logger: hclog.NewNullLogger()}
	if protocol == GRPC {
		c.GRPCServer = plugin.DefaultGRPCServer
	}
	plugin.Serve(c)
}

// A GoPlugin is a plugin's process.
type GoPlugin struct {
	PID    int
	client *plugin.Client
	asker  asker
}

// StartGoPlugin starts this program again with variable set to the protocol, which it then MUST serve.
func StartGoPlugin(protocol, variable string, hosted HostFunc) (*GoPlugin, error) {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), variable+"="+protocol)
	client := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig: handshake(), Plugins: pluginOf(protocol, nil, hosted), Cmd: cmd, Logger: hclog.NewNullLogger(),
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolNetRPC, plugin.ProtocolGRPC},
		SkipHostEnv:      true, // it is in cmd.Env, with the variable changed
	})
	conn, err := client.Client()
	if err != nil {
		client.Kill()
		return nil, err
	}
	raw, err := conn.Dispense("bench")
	if err != nil {
		client.Kill()
		return nil, err
	}
	a, ok := raw.(asker)
	if !ok {
		client.Kill()
		return nil, fmt.Errorf("a plugin that is %T", raw)
	}
	return &GoPlugin{cmd.Process.Pid, client, a}, nil
}

// Close ends the process.
func (g *GoPlugin) Close() { g.client.Kill() }

// Busy says whether the process uses a processor, or has waited for a second.
func (g *GoPlugin) Busy() bool {
	before := g.ticks()
	for end := time.Now().Add(time.Second); time.Now().Before(end); {
		time.Sleep(20 * time.Millisecond) // two ticks of the kernel's clock
		if g.ticks() > before {
			return true
		}
	}
	return false
}

// ticks are what the kernel has counted of the process's time.
func (g *GoPlugin) ticks() (n int) {
	stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", g.PID))
	_, rest, _ := strings.Cut(string(stat), ") ")
	const user, system = 11, 12 // fields behind the name
	for i, field := range strings.Fields(rest) {
		if i == user || i == system {
			ticks, _ := strconv.Atoi(field)
			n += ticks
		}
	}
	return n
}

// Caller calls one thing that the service offers.
func (g *GoPlugin) Caller(name string) Caller {
	return func(ctx context.Context, _, request []byte) ([]byte, error) { return g.asker.ask(ctx, name, request) }
}

// rpcPlugin is the plugin over net/rpc.
type rpcPlugin struct{ service Service }

// Server implements plugin.Plugin.
func (p rpcPlugin) Server(*plugin.MuxBroker) (any, error) { return &rpcServer{p.service}, nil }

// Client implements plugin.Plugin.
func (rpcPlugin) Client(_ *plugin.MuxBroker, c *rpc.Client) (any, error) { return rpcAsker{c}, nil }

type rpcServer struct{ service Service }

// An RPCRequest is what goes over net/rpc.
type RPCRequest struct {
	Name string
	Data []byte
}

// Ask is the method that net/rpc finds.
func (s *rpcServer) Ask(q RPCRequest, answer *[]byte) (err error) {
	*answer, err = s.service[q.Name](context.Background(), q.Data)
	return err
}

type rpcAsker struct{ client *rpc.Client }

func (c rpcAsker) ask(_ context.Context, name string, request []byte) (answer []byte, err error) {
	err = c.client.Call("Plugin.Ask", RPCRequest{name, request}, &answer)
	return answer, err
}
