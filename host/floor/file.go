package floor

import (
	"crypto/hmac"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"bulkhead/host/strictjson"
)

// The errors of Open for a file that cannot be believed.
var (
	ErrDamaged = errors.New("the floor is damaged or not this host's")
	ErrPlain   = errors.New("the floor is not authenticated: it is older than this host's root key, or somebody replaced it")
)

const (
	fileName   = "floor.json"
	maxFile    = 4 << 20
	macContext = "bulkhead/floor/v1\x00" // what the MAC covers before the body
)

// file is floor.json. The MAC covers the bytes of Body as they stand.
type file struct {
	Body json.RawMessage `json:"body"`
	MAC  string          `json:"mac,omitempty"`
}

type body struct {
	Serial  int64             `json:"serial"`
	Plugins map[string]record `json:"plugins"`
}

type record struct {
	Version  string   `json:"version"`
	Epoch    uint64   `json:"security_epoch"`
	Digest   string   `json:"digest"`
	Tools    string   `json:"tools"`
	Requests []string `json:"requests"`
}

// Open reads the floor. If there is none it is at zero, and Fresh.
func Open(c Config) (*Floor, error) {
	if c.Store == nil {
		return nil, errors.New("opening floor: no store")
	}
	f := &Floor{config: c, plugins: map[string]Plugin{}}
	data, err := c.Store.Read(fileName, maxFile)
	if errors.Is(err, os.ErrNotExist) {
		f.fresh = true
		return f, nil
	}
	if err != nil {
		return nil, fmt.Errorf("opening floor: %w", err)
	}
	if err := f.load(data); errors.Is(err, ErrPlain) {
		return nil, fmt.Errorf("opening floor: %w", err)
	} else if err != nil {
		return nil, fmt.Errorf("opening floor: %w: %v", ErrDamaged, err)
	}
	return f, nil
}

func (f *Floor) load(data []byte) error {
	var outer file
	if err := strictjson.Decode(data, &outer); err != nil {
		return err
	}
	if err := f.authenticate(outer); err != nil {
		return err
	}
	var inner body
	if err := strictjson.Decode(outer.Body, &inner); err != nil {
		return err
	}
	if inner.Serial < 1 || inner.Serial >= maxNumber {
		return fmt.Errorf("serial %d", inner.Serial)
	}
	f.serial = inner.Serial
	for name, r := range inner.Plugins {
		p := Plugin{Name: name, Version: r.Version, Epoch: r.Epoch, Digest: r.Digest, Tools: r.Tools, Requests: r.Requests}
		if err := p.check(); err != nil {
			return err
		}
		f.plugins[name] = p.normal()
	}
	return nil
}

// authenticate holds a file against its MAC before anything of it is read.
func (f *Floor) authenticate(outer file) error {
	f.plain = f.config.MAC != nil && outer.MAC == ""
	switch {
	case f.plain && !f.config.TakePlain:
		return ErrPlain
	case !f.plain && !hmac.Equal([]byte(f.mac(outer.Body)), []byte(outer.MAC)):
		return errors.New("its MAC does not match")
	}
	return nil
}

func (f *Floor) save() error {
	inner := body{Serial: f.serial, Plugins: map[string]record{}}
	for name, p := range f.plugins {
		inner.Plugins[name] = record{Version: p.Version, Epoch: p.Epoch, Digest: p.Digest, Tools: p.Tools, Requests: p.Requests}
	}
	raw, err := json.Marshal(inner)
	if err != nil {
		return err
	}
	data, err := json.Marshal(file{Body: raw, MAC: f.mac(raw)})
	if err != nil {
		return err
	}
	if len(data) > maxFile {
		return fmt.Errorf("floor of %d bytes is too large", len(data))
	}
	return f.config.Store.Write(fileName, data)
}

// mac is "" without a key.
func (f *Floor) mac(raw []byte) string {
	if f.config.MAC == nil {
		return ""
	}
	return hex.EncodeToString(f.config.MAC(append([]byte(macContext), raw...)))
}
