package floor

import "testing"

func TestVersionOrder(t *testing.T) {
	rising := []string{
		"not a version", // lowest of all
		"0.0.0-0", "0.0.0", "0.0.1", "0.9.0", "0.10.0",
		"1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", // semver.org, 11.4
		"1.0.0-rc.99999999999999999999999999", "1.0.0-rc.100000000000000000000000000", "1.0.0", "1.0.1-0", "2.0.0", "10.0.0",
		"999999999999999999.0.0",
	}
	for i, a := range rising {
		for j, b := range rising {
			want := 0
			if i < j {
				want = -1
			} else if i > j {
				want = 1
			}
			if got := compareVersions(a, b); got != want {
				t.Errorf("%s against %s is %d, want %d", a, b, got, want)
			}
		}
	}
}

func TestVersionForm(t *testing.T) {
	for _, text := range []string{"", "1", "1.0", "1.0.0.0", "v1.0.0", "01.0.0", "1.00.0", "1.0.0-", "1.0.0-01", "1.0.0-a..b",
		"1.0.0+", "1.0.0+é", "1.0.0-+a", " 1.0.0", "1.0.0\n", "-1.0.0", "1.0.0-é", "9999999999999999999.0.0"} {
		if v, err := parseVersion(text); err == nil {
			t.Errorf("%q parsed as %v", text, v)
		}
	}
}

func TestBuildMetadataHasNoOrder(t *testing.T) {
	if compareVersions("1.0.0+2", "1.0.0+1") != 0 || compareVersions("1.0.0-a+1", "1.0.0-a") != 0 || compareVersions("1.0.1+1", "1.0.0+9") != 1 {
		t.Error("build metadata was compared")
	}
}
