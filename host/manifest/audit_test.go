package manifest

import (
	"strings"
	"testing"
	"time"

	"bulkhead/host/gate"
)

// goodAudit is what good.toml says in [audit].
const goodAudit = "level = \"detailed\"\nexcept = [\"auth.success\", \"cache.*\"]\nsign_each = [\"key.*\", \"plugin.load\"]\nretention = \"365d\"\nsegment = \"48MiB\"\norigin = \"example.com/press-7\"\n"

func loadAudit(t *testing.T, block string) (*Manifest, []Problem) {
	t.Helper()
	good := readFile(t, "testdata/good.toml")
	if strings.Count(good, goodAudit) != 1 {
		t.Fatal("good.toml has another [audit]")
	}
	return load(t, stage(t, strings.Replace(good, goodAudit, block, 1), ""))
}

// Turning the log off is allowed. What would then have no effect is not.
func TestAuditOff(t *testing.T) {
	m, got := loadAudit(t, "level = \"off\"\nsegment = \"1MiB\"\n")
	compare(t, got, nil)
	if m.Audit.Level != gate.Off {
		t.Errorf("%+v", m.Audit)
	}
	_, got = loadAudit(t, strings.Replace(goodAudit, "detailed", "off", 1))
	compare(t, got, []want{
		{105, "audit.except", `has no effect with level = "off"`},
		{106, "audit.sign_each", "has no effect"},
		{107, "audit.retention", "has no effect"},
	})
}

// Cursors are files in the manifest's folder, and of no use where nothing is pruned.
func TestAuditExported(t *testing.T) {
	m, got := loadAudit(t, "exported = [\"siem.cursor\", \"state/other.cursor\"]\n")
	compare(t, got, nil)
	if len(m.Audit.Exported) != 2 || m.Audit.Exported[0] != "siem.cursor" {
		t.Errorf("%+v", m.Audit)
	}
	_, got = loadAudit(t, "retention = \"forever\"\nexported = [\"siem.cursor\"]\n")
	compare(t, got, []want{{105, "audit.exported", "has no effect"}})
	_, got = loadAudit(t, "level = \"off\"\nexported = [\"siem.cursor\"]\n")
	compare(t, got, []want{{105, "audit.exported", "has no effect"}})
	_, got = loadAudit(t, "exported = [\"../siem.cursor\"]\n")
	compare(t, got, []want{{104, "audit.exported[0]", ""}})
	_, got = loadAudit(t, "exported = []\n")
	compare(t, got, []want{{104, "audit.exported", ""}})
}

// All problems come at once, and one that follows from another does not.
func TestAuditProblemsAtOnce(t *testing.T) {
	_, got := loadAudit(t, "level = \"loud\"\nexcept = [\"call.*\", \"cache.reject\"]\nsign_each = [\"keys\"]\nretention = \"1y\"\nsegment = \"1B\"\norigin = \"a b\"\n")
	compare(t, got, []want{
		{104, "audit.level", "is no level"},
		{105, "audit.except[0]", "leaves out call.decision, call.refusal, call.result, which every log has"},
		{106, "audit.sign_each[0]", "is no event"},
		{107, "audit.retention", "is no number of days"},
		{108, "audit.segment", "is no size"},
		{109, "audit.origin", "printable ASCII"},
	})
}

// No mandatory event can be left out, in whichever words.
func TestMandatoryEventsStay(t *testing.T) {
	for _, r := range gate.Catalogue() {
		if !r.Mandatory {
			continue
		}
		for _, pattern := range []string{string(r.Event), r.Event.Class() + ".*"} {
			if _, got := loadAudit(t, "level = \"detailed\"\nexcept = [\""+pattern+"\"]\n"); len(got) != 1 || !strings.Contains(got[0].Message, "which every log has") {
				t.Errorf("%s: %v", pattern, got)
			}
		}
	}
}

// The facts of a box change nothing of its log.
func TestDeviceCannotLoosenTheLog(t *testing.T) {
	device := readFile(t, "testdata/device.toml")
	for _, block := range []string{"[audit]\nlevel = \"off\"\n", "[audit]\nretention = \"1d\"\n", "audit = {}\n"} {
		text := device + block
		if strings.HasPrefix(block, "audit") {
			text = block + device
		}
		_, got := load(t, stage(t, readFile(t, "testdata/good.toml"), text))
		if len(got) != 1 || got[0].File != DeviceFile || got[0].Key != "audit" || got[0].Message != "unknown key" {
			t.Errorf("%q: %v", block, got)
		}
	}
}

func TestRetentions(t *testing.T) {
	for text, want := range map[string]time.Duration{"1d": 24 * time.Hour, "90d": 2160 * time.Hour, "10000d": 240000 * time.Hour, "forever": 0} {
		d, err := ParseRetention(text)
		if err != nil || d != want || FormatRetention(d) != text {
			t.Errorf("%s: %v, %v, written as %s", text, d, err, FormatRetention(d))
		}
	}
	for _, text := range []string{"", "d", "0d", "-1d", "01d", "1 d", "1D", "Forever", "106751991167301d", "18446744073709551615d"} {
		if d, err := ParseRetention(text); err == nil {
			t.Errorf("%q is read as %v", text, d)
		}
	}
}
