package manifest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/BurntSushi/toml"
)

// maxFile is how large a manifest may be.
const maxFile = 1 << 20

// Load reads the manifest at name and device.toml beside it, and checks all that can be checked without a bundle, the
// owners and modes of the files and folders that it trusts included. Its error is a *Problems.
func Load(name string) (*Manifest, error) {
	base := filepath.Base(name)
	f, err := openFolder(filepath.Dir(name))
	if err != nil {
		return nil, problems(&report{file: base, list: []Problem{{File: base, Message: err.Error()}}})
	}
	defer f.close()
	host := read(base, f, hostKeys(), "name the manifest on the command line, as in --manifest host.toml")
	device := read(DeviceFile, f, deviceKeys(), missingDevice)
	m := assemble(host, device)
	m.Dir, m.Path = f.path, filepath.Join(f.path, base)
	f.checkPaths(m, host.report, device.report)
	if err := problems(host.report, device.report); err != nil {
		return nil, err
	}
	return m, nil
}

const missingDevice = `write it, with the facts of this box:
name = "press-7"
zone = "hall-2"
keys = "file"
key_folder = "keys/device"`

// A document is a decoded file.
type document struct {
	*report
	digest string // of the file's bytes, SHA-256 in hex
	values values // nil if the file could not be decoded
}

func read(base string, f *folder, rules []rule, missing string) document {
	d := document{report: &report{file: base}}
	data, problem := f.read(base, missing)
	if problem != nil {
		d.list = append(d.list, *problem)
		return d
	}
	d = decode(base, data, rules)
	sum := sha256.Sum256(data)
	d.digest = hex.EncodeToString(sum[:])
	return d
}

// decode turns a file's bytes into values, and reports all that the table of keys has against them.
func decode(base string, data []byte, rules []rule) document {
	d := document{report: &report{file: base}}
	if len(data) > maxFile {
		d.addLine(0, "", "has more than %d bytes", maxFile)
		return d
	}
	if !checkText(d.report, data) {
		return d
	}
	text := strings.ReplaceAll(string(data), "\r\n", "\n") // in strings of several lines too
	if d.values = parse(d.report, text); d.values != nil {
		w := &walk{report: d.report, rules: rules}
		w.table(tree(rules), nil, d.values)
	}
	return d
}

// parse returns nil after a problem that leaves nothing to walk.
func parse(r *report, text string) values {
	out, scanErr := scan(text)
	r.outline = out
	for _, f := range out.faults {
		r.list = append(r.list, Problem{File: r.file, Line: f.row, Key: f.at.String(), Message: f.text,
			Hint: "write each table in one place"})
	}
	if errors.Is(scanErr, errBounds) {
		r.addLine(0, "", "%v", scanErr)
		return nil
	}
	v, keys, err := parseTOML(text)
	switch {
	case err != nil && len(out.faults) > 0: // the library means the same
	case err != nil:
		addSyntax(r, err)
	case scanErr != nil:
		r.addLine(0, "use plain keys, without escapes", "%v", scanErr)
	case !sameKeys(out.keys, keys):
		r.addLine(0, "write each table in one place, with plain keys", "%v", errAmbiguous)
	default:
		out.keys = nil
		return v
	}
	return nil
}

// parseTOML contains the library's panics, which it keeps for its own mistakes.
func parseTOML(text string) (v values, keys []toml.Key, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("cannot be parsed: %.200v", p)
		}
	}()
	raw := map[string]any{}
	meta, err := toml.Decode(text, &raw)
	return raw, meta.Keys(), err
}

func addSyntax(r *report, err error) {
	var syntax toml.ParseError
	if !errors.As(err, &syntax) {
		r.addLine(0, "", "is not TOML: %v", err)
		return
	}
	message := syntax.Message
	if message == "" {
		message = strings.TrimPrefix(err.Error(), "toml: ")
	}
	if len(message) > 300 {
		message = message[:300] + "..."
	}
	r.addLine(syntax.Position.Line, "", "is not TOML: %s", clean(message))
}

// clean makes a library's words printable.
func clean(s string) string {
	return strings.Map(func(c rune) rune {
		if _, odd := invisible(string(c), ""); odd {
			return '?'
		}
		return c
	}, s)
}
