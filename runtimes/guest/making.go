package guest

import (
	"context"
	"fmt"
	"time"
)

// make returns an instance at the snapshot. Where there is none it starts one, for ctx and until a deadline.
func (m *Module) make(ctx context.Context, deadline time.Duration) (*call, error) {
	if m.snapshot == nil {
		return m.start(ctx, restarting, deadline)
	}
	c, err := m.instantiate(ctx)
	if err != nil {
		return nil, err
	}
	if err := c.enlarge(); err != nil {
		c.close()
		return nil, fmt.Errorf("enlarging the memory of a new instance: %w", err)
	}
	if err := c.restore(); err != nil {
		c.close()
		return nil, fmt.Errorf("restoring the snapshot: %w", err)
	}
	return c, nil
}

// start makes an instance and has it start.
func (m *Module) start(ctx context.Context, p phase, deadline time.Duration) (*call, error) {
	c, err := m.instantiate(ctx)
	if err != nil {
		return nil, err
	}
	c.begin(ctx, p, deadline, m.program.Limits.StartFuel())
	err = c.start()
	c.finish() // an unfinished line of the start is the start's
	if err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (m *Module) instantiate(ctx context.Context) (*call, error) {
	i, err := m.code.Instantiate(ctx)
	if err != nil {
		return nil, fmt.Errorf("instantiating: %w", err)
	}
	c, err := m.adopt(i)
	if err != nil {
		i.Close(context.WithoutCancel(ctx))
		return nil, err
	}
	return c, nil
}
