package gateway

import (
	"context"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

const (
	maxReports = 16          // on their way to one client; of more, the oldest are dropped
	lastReport = time.Second // what they get once the tool has answered
)

// A reporter sends a tool's progress from a goroutine of its own, so that a client that does not read holds no guest.
type reporter struct {
	queue chan [2]float64
	stop  chan struct{} // closed by close
	ended chan struct{}
}

// progress returns what gives a running tool its way to report, until the returned function is called: nothing unless the
// client asked.
func (s *Server) progress(req *mcp.CallToolRequest) func(context.Context) (context.Context, func()) {
	token := req.Params.GetProgressToken()
	if s.WithProgress == nil || token == nil {
		return func(ctx context.Context) (context.Context, func()) { return ctx, func() {} }
	}
	return func(ctx context.Context) (context.Context, func()) {
		r := &reporter{make(chan [2]float64, maxReports), make(chan struct{}), make(chan struct{})}
		sending, cancel := context.WithCancel(ctx)
		go r.run(func(done, total float64) {
			if sending.Err() != nil {
				return
			}
			params := &mcp.ProgressNotificationParams{ProgressToken: token, Progress: done, Total: total}
			if err := req.Session.NotifyProgress(sending, params); err != nil {
				s.Logger.Debug("sending progress", "error", err)
			}
		})
		return s.WithProgress(ctx, r.report), func() { r.close(); cancel() }
	}
}

func (r *reporter) report(done, total float64) {
	for {
		select {
		case r.queue <- [2]float64{done, total}:
			return
		default:
		}
		select {
		case <-r.queue:
		default:
		}
	}
}

func (r *reporter) run(send func(done, total float64)) {
	defer close(r.ended)
	for stop := r.stop; ; {
		select {
		case v := <-r.queue:
			send(v[0], v[1])
			continue
		default:
		}
		if stop == nil {
			return
		}
		select {
		case v := <-r.queue:
			send(v[0], v[1])
		case <-stop:
			stop = nil // what waits, and no more
		}
	}
}

// close waits until the client has what was reported, but not for ever. What it then has not read stays on its way, before
// the answer; what was not even sent is dropped.
func (r *reporter) close() {
	close(r.stop)
	select {
	case <-r.ended:
	case <-time.After(lastReport):
	}
}
