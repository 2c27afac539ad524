package manifest

import (
	"strings"
	"testing"
)

// mutation makes one mistake in good.toml: old, which stands there once, becomes new. The problem is expected on the
// line of the change, plus off.
type mutation struct {
	name, old, new string
	key, message   string
	off            int
}

const anywhere = -1000 // off for a problem without line

func (u mutation) run(t *testing.T) {
	good := readFile(t, "testdata/good.toml")
	if strings.Count(good, u.old) != 1 {
		t.Fatalf("%q stands %d times in good.toml", u.old, strings.Count(good, u.old))
	}
	line := 0
	if u.off != anywhere {
		line = 1 + strings.Count(good[:strings.Index(good, u.old)], "\n") + u.off
	}
	_, got := load(t, stage(t, strings.Replace(good, u.old, u.new, 1), ""))
	compare(t, got, []want{{line, u.key, u.message}})
}

func TestMistakes(t *testing.T) {
	for _, u := range []mutation{
		// head
		{"schema of the future", "schema = 1", "schema = 2", "schema", "is 2, this host knows only 1", 0},
		{"schema as text", "schema = 1", `schema = "1"`, "schema", "is a string, must be an integer", 0},
		{"no serial", "serial = 7\n", "", "serial", "is missing", anywhere},
		{"serial 0", "serial = 7", "serial = 0", "serial", "is 0, not between 1 and", 0},
		{"negative serial", "serial = 7", "serial = -1", "serial", "is -1, not between", 0},
		{"serial that could not rise", "serial = 7", "serial = 9007199254740992", "serial", "not between", 0},
		{"serial with fraction", "serial = 7", "serial = 7.0", "serial", "is a float, must be an integer", 0},
		{"serial NaN", "serial = 7", "serial = nan", "serial", "is a float", 0},
		{"serial infinite", "serial = 7", "serial = inf", "serial", "is a float", 0},
		{"serial as date", "serial = 7", "serial = 2026-01-01", "serial", "is a date or time", 0},
		{"capital key", "serial = 7", "serial = 7\nSERIAL = 8", "SERIAL", "unknown key", 1},
		{"escaped letter in a value", `state = "state"`, `state = "st\u0061te"`, "", "", 0},
		{"unknown key at the end of a table", `audience = "urn:plant:7"`, "audience = \"urn:plant:7\"\ntls = true", "listen.tls", "unknown key", 1},
		{"unknown table", "[listen]", "[quota]\n[listen]", "quota", "unknown key", 0},
		// pipeline
		{"no policy", `policy = ["abac", "hours"]`, `policy = []`, "pipeline.policy", "is empty", 0},
		{"auth is an array", `auth = "auth"`, `auth = ["auth"]`, "pipeline.auth", "is an array, must be a string", 0},
		{"policy is a string", `policy = ["abac", "hours"]`, `policy = "abac"`, "pipeline.policy", "is a string, must be an array of strings", 0},
		{"nobody authenticates", `auth = "auth"`, `auth = "nobody"`, "pipeline.auth", `there is no plugin "nobody"`, 0},
		{"auth by a tool", `auth = "auth"`, `auth = "inspect"`, "pipeline.auth", "plugin inspect has role tool, must have role auth", 0},
		{"policy by a model", `policy = ["abac", "hours"]`, `policy = ["abac", "hours", "digits"]`, "pipeline.policy[2]", "has role model, must have role policy", 0},
		{"policy twice", `policy = ["abac", "hours"]`, `policy = ["abac", "hours", "abac"]`, "pipeline.policy[2]", "stands here twice", 0},
		{"alias with capital", `auth = "auth"`, `auth = "Auth"`, "pipeline.auth", "is not 1 to 64 of", 0},
		// listen
		{"every address", `"127.0.0.1:8080"`, `":8080"`, "listen.http", "is not an IP address and port", 0},
		{"every address by number", `"127.0.0.1:8080"`, `"0.0.0.0:8080"`, "listen.http", "is not a loopback address", 0},
		{"every address of IPv6", `"127.0.0.1:8080"`, `"[::]:8080"`, "listen.http", "is not a loopback address", 0},
		{"the network's address", `"127.0.0.1:8080"`, `"192.168.1.7:8080"`, "listen.http", "is not a loopback address", 0},
		{"a name", `"127.0.0.1:8080"`, `"localhost:8080"`, "listen.http", "is not an IP address and port", 0},
		{"mapped loopback", `"127.0.0.1:8080"`, `"[::ffff:127.0.0.1]:8080"`, "listen.http", "is not an IP address and port", 0},
		{"address with zone", `"127.0.0.1:8080"`, `"[::1%lo]:8080"`, "listen.http", "is not an IP address and port", 0},
		{"octal address", `"127.0.0.1:8080"`, `"0127.0.0.1:8080"`, "listen.http", "is not an IP address and port", 0},
		{"no port", `"127.0.0.1:8080"`, `"127.0.0.1"`, "listen.http", "is not an IP address and port", 0},
		{"large port", `"127.0.0.1:8080"`, `"127.0.0.1:65536"`, "listen.http", "is not an IP address and port", 0},
		{"any port of loopback", `"127.0.0.1:8080"`, `"127.0.0.1:0"`, "", "", 0},
		{"loopback of IPv6", `"127.0.0.1:8080"`, `"[::1]:0"`, "", "", 0},
		{"empty address", `"127.0.0.1:8080"`, `""`, "listen.http", "is not an IP address and port", 0},
		{"origin null", `"https://app.example.com"`, `"null"`, "listen.origins[0]", "would let any page in", 0},
		{"origin star", `"https://app.example.com"`, `"*"`, "listen.origins[0]", "would let any page in", 0},
		{"origin with star", `"https://app.example.com"`, `"https://*.example.com"`, "listen.origins[0]", "is not SCHEME://HOST", 0},
		{"origin with slash", `"https://app.example.com"`, `"https://app.example.com/"`, "listen.origins[0]", "is not SCHEME://HOST", 0},
		{"origin with path", `"https://app.example.com"`, `"https://app.example.com/x"`, "listen.origins[0]", "is not SCHEME://HOST", 0},
		{"origin with user", `"https://app.example.com"`, `"https://u@app.example.com"`, "listen.origins[0]", "is not SCHEME://HOST", 0},
		{"origin with capitals", `"https://app.example.com"`, `"https://App.example.com"`, "listen.origins[0]", "is not SCHEME://HOST", 0},
		{"origin with usual port", `"https://app.example.com"`, `"https://app.example.com:443"`, "listen.origins[0]", "never matches", 0},
		{"origin with large port", `"https://app.example.com"`, `"https://app.example.com:70000"`, "listen.origins[0]", "has no such port", 0},
		{"origin without scheme", `"https://app.example.com"`, `"app.example.com"`, "listen.origins[0]", "is not SCHEME://HOST", 0},
		{"origin of another scheme", `"https://app.example.com"`, `"app://desk"`, "", "", 0},
		{"audience with space", `"urn:plant:7"`, `"urn plant"`, "listen.audience", "printable ASCII", 0},
		{"empty audience", `"urn:plant:7"`, `""`, "listen.audience", "printable ASCII", 0},
		// audit
		{"level of nobody", `level = "detailed"`, `level = "verbose"`, "audit.level", `"verbose" is no level`, 0},
		{"level in capitals", `level = "detailed"`, `level = "Detailed"`, "audit.level", "is no level", 0},
		{"level as number", `level = "detailed"`, `level = 3`, "audit.level", "is an integer, must be a string", 0},
		{"event of nobody", `"auth.success", `, `"auth.sucess", `, "audit.except[0]", `"auth.sucess" is no event and no CLASS.*; events are host.start, host.stop, `, 0},
		{"class of nobody", `"auth.success", `, `"auths.*", `, "audit.except[0]", "is no event", 0},
		{"all classes", `"auth.success", `, `"*", `, "audit.except[0]", "is no event", 0},
		{"all classes and names", `"auth.success", `, `"*.*", `, "audit.except[0]", "is no event", 0},
		{"a class without a name", `"auth.success", `, `"auth", `, "audit.except[0]", "is no event", 0},
		{"an empty event", `"auth.success", `, `"", `, "audit.except[0]", "is no event", 0},
		{"refusals left out", `"auth.success", `, `"call.refusal", `, "audit.except[0]", "leaves out call.refusal, which every log has", 0},
		{"a class left out that holds refusals", `"auth.success", `, `"auth.*", `, "audit.except[0]", "leaves out auth.failure, which every log has", 0},
		{"nothing to leave out", "level = \"detailed\"\nexcept = [\"auth.success\", \"cache.*\"]\nsign_each = [\"key.*\", \"plugin.load\"]", "level = \"minimal\"\nexcept = [\"auth.success\", \"cache.*\"]", "audit.except[0]", `has no effect: level "minimal" does not record "auth.success" anyway`, 1},
		{"left out twice", `"auth.success", `, `"cache.*", `, "audit.except[1]", "stands here twice", 0},
		{"left out by nobody", `["auth.success", "cache.*"]`, `[]`, "audit.except", "is empty", 0},
		{"signed and not recorded", `"plugin.load"]`, `"plugin.load", "auth.success"]`, "audit.sign_each[2]", "has no effect", 0},
		{"signed class of nobody", `"plugin.load"]`, `"plugins.*"]`, "audit.sign_each[1]", "is no event", 0},
		{"signed class that is recorded in part", `"plugin.load"]`, `"auth.*"]`, "", "", 0},
		{"retention without unit", `"365d"`, `"365"`, "audit.retention", "is no number of days", 0},
		{"retention in hours", `"365d"`, `"24h"`, "audit.retention", "is no number of days", 0},
		{"retention of nothing", `"365d"`, `"0d"`, "audit.retention", "is no number of days", 0},
		{"retention over the bound", `"365d"`, `"10001d"`, "audit.retention", "is not between 1d and 10000d", 0},
		{"retention for ever", `"365d"`, `"forever"`, "", "", 0},
		{"small segment", `"48MiB"`, `"63KiB"`, "audit.segment", "is not between 64KiB and 1GiB", 0},
		{"large segment", `"48MiB"`, `"2GiB"`, "audit.segment", "is not between 64KiB and 1GiB", 0},
		{"segment as number", `"48MiB"`, `8388608`, "audit.segment", "is an integer, must be a string", 0},
		{"origin with space", `"example.com/press-7"`, `"press 7"`, "audit.origin", "printable ASCII", 0},
		{"origin with plus", `"example.com/press-7"`, `"press+7"`, "audit.origin", "printable ASCII", 0},
		{"empty origin", `"example.com/press-7"`, `""`, "audit.origin", "printable ASCII", 0},
		{"unknown key of audit", `retention = "365d"`, `retention_days = 365`, "audit.retention_days", "unknown key", 0},
		// publishers
		{"threshold 0", "threshold = 2", "threshold = 0", "publisher.acme.threshold", "is 0, not between 1 and 16", 0},
		{"threshold over the keys", "threshold = 2", "threshold = 3", "publisher.acme.threshold", "is 3, but there are 2 keys", 0},
		{"no threshold", "threshold = 2\n", "", "publisher.acme.threshold", "is missing", -2},
		{"key twice", `"keys/acme-2.pub"`, `"keys/acme.pub"`, "publisher.acme.keys[1]", "stands here twice", 0},
		{"key under another spelling", `"keys/acme-2.pub"`, `"keys//acme-2.pub"`, "publisher.acme.keys[1]", "is no plain path", 0},
		{"key of two publishers", `"keys/acme-2.pub"`, `"keys/ops.pub"`, "publisher.ops.keys[0]", "is also a key of publisher acme", 6},
		{"pattern for all", `"acme/*", `, `"*", "acme/*", `, "publisher.acme.may_sign[0]", `"*" is not PUBLISHER/NAME`, 0},
		{"pattern for all names", `"acme/*", `, `"*/inspect", "acme/*", `, "publisher.acme.may_sign[0]", "is not PUBLISHER/NAME", 0},
		{"pattern for a part", `"acme/*", `, `"acme/in*", "acme/*", `, "publisher.acme.may_sign[0]", "is not PUBLISHER/NAME", 0},
		{"overlap by name", `"other/inspect"]`, `"other/inspect", "ops/unused"]`, "publisher.ops.may_sign[0]", "is also for publisher acme to sign", 6},
		{"overlap by folder", `may_sign = ["ops/*"]`, `may_sign = ["ops/*", "acme/special"]`, "publisher.ops.may_sign[1]", `"acme/special" is also for publisher acme to sign`, 0},
		{"role of nobody", `roles = ["tool", "model"]`, `roles = ["tool", "model", "monitor"]`, "publisher.acme.roles[2]", `"monitor" is no role`, 0},
		// plugins
		{"array of plugins", "[plugin.spare]", "[[plugin.spare]]", "plugin.spare", "is an array of tables, must be a table", 0},
		{"alias with space", "[plugin.spare]", `[plugin."sp are"]`, `plugin."sp are"`, "name", 0},
		{"alias with capital letter", "[plugin.spare]", "[plugin.Spare]", "plugin.Spare", "name", 0},
		{"long alias", "[plugin.spare]", "[plugin." + strings.Repeat("a", 65) + "]", `plugin."` + strings.Repeat("a", 64) + `"...`, "name", 0},
		{"defined twice", "[plugin.spare]", "[plugin.inspect]", "plugin.inspect", "defined a second time", 0},
		{"no memory", "memory = \"1MiB\"\n", "", "plugin.spare.memory", "is missing", -5},
		{"memory as number", `"1MiB"`, "1048576", "plugin.spare.memory", "is an integer, must be a string", 0},
		{"memory 0", `"1MiB"`, `"0MiB"`, "plugin.spare.memory", "is no size", 0},
		{"negative memory", `"1MiB"`, `"-1MiB"`, "plugin.spare.memory", "is no size", 0},
		{"memory without unit", `"1MiB"`, `"1048576"`, "plugin.spare.memory", "is no size", 0},
		{"memory in MB", `"1MiB"`, `"1MB"`, "plugin.spare.memory", "is no size", 0},
		{"memory in small letters", `"1MiB"`, `"1mib"`, "plugin.spare.memory", "is no size", 0},
		{"memory with fraction", `"1MiB"`, `"1.5MiB"`, "plugin.spare.memory", "is no size", 0},
		{"memory of less than a page", `"1MiB"`, `"63KiB"`, "plugin.spare.memory", "is not between 64KiB and 4GiB", 0},
		{"memory over 4 GiB", `"1MiB"`, `"5GiB"`, "plugin.spare.memory", "is not between 64KiB and 4GiB", 0},
		{"memory that wraps to nothing", `"1MiB"`, `"17179869184GiB"`, "plugin.spare.memory", "is not between", 0},
		{"memory of too many digits", `"1MiB"`, `"18446744073709551616KiB"`, "plugin.spare.memory", "is not between", 0},
		{"memory that wraps to a page", `"1MiB"`, `"999999999GiB"`, "plugin.spare.memory", "is not between", 0},
		{"backend of nobody", `"wazero"`, `"v8"`, "plugin.inspect.backend", `"v8" is not a backend`, 0},
		{"worker that nobody starts", `"wasmtime"`, `"wazero"`, "backend.wasmtime", "has no effect", 38},
		{"worker of the host's own backend", "[backend.wasmtime]", "[backend.wazero]\npath = \"x\"\n\n[backend.wasmtime]", "backend.wazero", "unknown key", 0},
		{"no worker", "[backend.wasmtime]\npath = \"host-wasmtime\"\ndigest = \"sha256:89abcdef0123456789abcdef0123456789abcdef0123456789abcdef01234567\"\n", "", "plugin.hours.backend", "must name", -38},
		{"worker without path", "path = \"host-wasmtime\"\n", "", "backend.wasmtime.path", "is missing", -1},
		{"worker without digest", "digest = \"sha256:89ab", "# digest = \"sha256:89ab", "backend.wasmtime.digest", "is missing", -2},
		{"worker with a digest of another algorithm", "sha256:89ab", "sha512:89ab", "backend.wasmtime.digest", "is not a digest", 0},
		{"worker outside of the folder", `"host-wasmtime"`, `"../host-wasmtime"`, "backend.wasmtime.path", "leads out of", 0},
		{"worker that is the root", `"host-wasmtime"`, `"/"`, "backend.wasmtime.path", "is no file", 0},
		{"worker by a crooked path", `"host-wasmtime"`, `"/usr/../host-wasmtime"`, "backend.wasmtime.path", "is no plain path", 0},
		{"unsigned name", `is = "other/inspect"`, `is = "other/inspect2"`, "plugin.spare.is", `no publisher may sign "other/inspect2"`, 0},
		{"name without publisher", `is = "other/inspect"`, `is = "inspect"`, "plugin.spare.is", "is not PUBLISHER/NAME", 0},
		{"name of a path", `is = "other/inspect"`, `is = "other/../x"`, "plugin.spare.is", "is not PUBLISHER/NAME", 0},
		{"version of a range", `@1.4.2`, `@1.4`, "plugin.auth.is", "is not a semantic version", 0},
		{"version empty", `@1.4.2`, `@`, "plugin.auth.is", "is not a semantic version", 0},
		{"version latest", `@1.4.2`, `@latest`, "plugin.auth.is", "is not a semantic version", 0},
		{"digest without algorithm", "sha256:0123", "0123", "plugin.inspect.digest", "is not a digest", 0},
		{"digest of another algorithm", "sha256:0123", "sha512:0123", "plugin.inspect.digest", "is not a digest", 0},
		{"digest in capitals", "sha256:0123456789abcdef", "sha256:0123456789ABCDEF", "plugin.inspect.digest", "is not a digest", 0},
		{"digest cut", "sha256:0123", "sha256:", "plugin.inspect.digest", "is not a digest", 0},
		{"prefix with space", `prefix = ""`, `prefix = "a b"`, "plugin.inspect.prefix", "is not at most 63 of", 0},
		{"prefix of a model", `is = "acme/digits"`, "is = \"acme/digits\"\nprefix = \"x\"", "plugin.digits.prefix", "only plugins of role tool have tools", 1},
		{"auth plugin unused", `is = "other/inspect"` + "\n" + `role = "tool"`, "is = \"ops/x\"\nrole = \"auth\"", "plugin.spare", "nothing would ever run", -2},
		// limits
		{"no timeout", "timeout = \"1m\"\n", "", "plugin.spare.timeout", "is missing", -6},
		{"timeout as number", `timeout = "1m"`, "timeout = 60", "plugin.spare.timeout", "is an integer, must be a string", 0},
		{"timeout 0", `timeout = "1m"`, `timeout = "0s"`, "plugin.spare.timeout", `"0s" is no time`, 0},
		{"negative timeout", `timeout = "1m"`, `timeout = "-1s"`, "plugin.spare.timeout", "is no time", 0},
		{"timeout without unit", `timeout = "1m"`, `timeout = "60"`, "plugin.spare.timeout", "is no time", 0},
		{"timeout of two units", `timeout = "1m"`, `timeout = "1m30s"`, "plugin.spare.timeout", "is no time", 0},
		{"timeout with fraction", `timeout = "1m"`, `timeout = "1.5s"`, "plugin.spare.timeout", "is no time", 0},
		{"timeout of hours", `timeout = "1m"`, `timeout = "1h"`, "plugin.spare.timeout", "is no time", 0},
		{"timeout of microseconds", `timeout = "1m"`, `timeout = "500us"`, "plugin.spare.timeout", "is no time", 0},
		{"timeout over the bound", `timeout = "1m"`, `timeout = "11m"`, "plugin.spare.timeout", "is not between 1ms and 10m", 0},
		{"timeout that wraps", `timeout = "1m"`, `timeout = "307445734561826m"`, "plugin.spare.timeout", "is not between 1ms and 10m", 0},
		{"no fuel", "fuel = \"750K\"\n", "", "plugin.spare.fuel", "is missing", -7},
		{"fuel as number", `fuel = "750K"`, "fuel = 750000", "plugin.spare.fuel", "is an integer, must be a string", 0},
		{"fuel 0", `fuel = "750K"`, `fuel = "0"`, "plugin.spare.fuel", `"0" is no amount of fuel`, 0},
		{"fuel unlimited", `fuel = "750K"`, `fuel = "unlimited"`, "plugin.spare.fuel", "is no amount of fuel", 0},
		{"fuel in small letters", `fuel = "750K"`, `fuel = "750k"`, "plugin.spare.fuel", "is no amount of fuel", 0},
		{"fuel over the bound", `fuel = "750K"`, `fuel = "1126T"`, "plugin.spare.fuel", "is not between 1 and 1125899906842624", 0},
		{"fuel that wraps", `fuel = "750K"`, `fuel = "18446745T"`, "plugin.spare.fuel", "is not between 1 and", 0},
		{"no isolation", "isolation = \"process\"\nmemory = \"1MiB\"", `memory = "1MiB"`, "plugin.spare.isolation", "is missing", -4},
		{"isolation of nothing", "isolation = \"process\"\nmemory = \"1MiB\"", "isolation = \"none\"\nmemory = \"1MiB\"", "plugin.spare.isolation", `"none" is no isolation`, 0},
		{"isolation in capitals", "isolation = \"process\"\nmemory = \"1MiB\"", "isolation = \"Process\"\nmemory = \"1MiB\"", "plugin.spare.isolation", "is no isolation", 0},
		{"no instances", "instances = 64", "instances = 0", "plugin.inspect.instances", "is 0, not between 1 and 64", 0},
		{"too many instances", "instances = 64", "instances = 65", "plugin.inspect.instances", "is 65, not between 1 and 64", 0},
		{"instances as text", "instances = 64", `instances = "64"`, "plugin.inspect.instances", "is a string, must be an integer", 0},
		{"instances of one that keeps state", "grant.stateful = {}", "grant.stateful = {}\ninstances = 2", "plugin.digits.instances", "is 2, but the calls of a stateful plugin share one instance", 1},
		{"one instance of one that keeps state", "grant.stateful = {}", "grant.stateful = {}\ninstances = 1", "", "", 0},
		{"stateful beside the grants", `prefix = ""`, "prefix = \"\"\nstateful = true", "plugin.inspect.stateful", "unknown key", 1},
		{"stateful by boolean", "grant.stateful = {}", "grant.stateful = true", "plugin.digits.grant.stateful", "is a boolean, must be a table", 0},
		{"stateful with options", "grant.stateful = {}", "grant.stateful = { shared = true }", "plugin.digits.grant.stateful.shared", "unknown key", 0},
		{"stateful auth", "fuel = \"2G\"\ngrant.log = {}", "fuel = \"2G\"\ngrant.log = {}\ngrant.stateful = {}", "plugin.auth.grant.stateful", "plugins of role auth start every call from their snapshot", 2},
		{"stateful policy", "fuel = \"1G\"\ngrant = {}", "fuel = \"1G\"\ngrant = { stateful = {} }", "plugin.abac.grant.stateful", "plugins of role policy start every call from their snapshot", 1},
		// grants
		{"grant by list", `grant.attest = {}`, `grant.attest = true`, "plugin.inspect.grant.attest", "is a boolean, must be a table", 0},
		{"grant of progress", `grant.attest = {}`, "grant.attest = {}\ngrant.progress = {}", "plugin.inspect.grant.progress", "unknown key", 1},
		{"grant in capitals", `grant.attest = {}`, "grant.attest = {}\ngrant.LOG = {}", "plugin.inspect.grant.LOG", "unknown key", 1},
		{"grant with options", `grant.attest = {}`, `grant.attest = { rate = 1 }`, "plugin.inspect.grant.attest.rate", "unknown key", 0},
		{"grant over the role", "fuel = \"2G\"\ngrant.log = {}", "fuel = \"2G\"\ngrant.log = {}\ngrant.attest = {}", "plugin.auth.grant.attest", "plugins of role auth may have log, nothing else", 2},
		{"sign without slots", `grant.sign = { report = "report-key" }`, `grant.sign = {}`, "plugin.inspect.grant.sign", "is empty", 0},
		{"sign with the host's key", `"report-key"`, `"evidence"`, "plugin.inspect.grant.sign.report", "is a key of the host's own", 0},
		{"sign with a path", `"report-key"`, `"../acme"`, "plugin.inspect.grant.sign.report", "is not 1 to 64 of", 0},
		{"sign with a hidden file", `"report-key"`, `".key"`, "plugin.inspect.grant.sign.report", "is not 1 to 64 of", 0},
		{"sign with no key", `"report-key"`, `"other-key"`, "plugin.inspect.grant.sign.report", `"keys/device/other-key.key" does not exist`, 0},
		{"one key for two slots", `{ report = "report-key" }`, `{ report = "report-key", seal = "report-key" }`, "plugin.inspect.grant.sign.seal", `key "report-key" is also that of plugin.inspect.grant.sign.report`, 0},
		{"slot name of two words", `{ report = "report-key" }`, `{ "a b" = "report-key" }`, `plugin.inspect.grant.sign."a b"`, "name", 0},
		{"infer by a tool", `{ digits = "digits" }`, `{ digits = "digits", x = "spare" }`, "plugin.inspect.grant.infer.x", "has role tool, must have role model", 0},
		{"infer by nobody", `{ digits = "digits" }`, `{ digits = "digits", x = "nobody" }`, "plugin.inspect.grant.infer.x", "there is no plugin", 0},
		{"grant as a block", "[plugin.digits]", "[plugin.inspect.grant.log]\n[plugin.digits]", "plugin.inspect.grant", "defined a second time", 0},
		// config
		{"date in config", "config.threshold = 0.8", "config.threshold = 2026-01-01T00:00:00Z", "plugin.inspect.config.threshold", "dates and times have no JSON form", 0},
		{"NaN in config", "config.threshold = 0.8", "config.threshold = nan", "plugin.inspect.config.threshold", "NaN and infinity", 0},
		{"infinity in config", "config.threshold = 0.8", "config.threshold = [[-inf]]", "plugin.inspect.config.threshold[0][0]", "NaN and infinity", 0},
		{"large integer in config", "config.threshold = 0.8", "config.threshold = { a = 9007199254740992 }", "plugin.inspect.config.threshold.a", "lose digits", 0},
		{"large float in config", "config.threshold = 0.8", "config.threshold = 1e300", "plugin.inspect.config.threshold", "lose digits", 0},
		{"escape sequence in config", "config.threshold = 0.8", `config.threshold = "\u001b[2J"`, "plugin.inspect.config.threshold", "U+001B", 0},
		{"bidi by escape in config", "config.threshold = 0.8", `config.threshold = ["\u202E"]`, "plugin.inspect.config.threshold[0]", "U+202E", 0},
		{"long string in config", "config.threshold = 0.8", `config.threshold = "` + strings.Repeat("a", 64<<10+1) + `"`, "plugin.inspect.config.threshold", "bytes, at most", 0},
		{"config of one value", "config.threshold = 0.8\nconfig.names = [\"a\", \"b\"]", "config = 1", "plugin.inspect.config", "is an integer, must be a table", 0},
		{"deep config", "config.threshold = 0.8", "config.threshold = " + strings.Repeat("[", 22) + strings.Repeat("]", 22), "", "", 0},
		// paths
		{"absolute path", `"bundles/digits"`, `"/bundles/digits"`, "plugin.digits.bundle", "is absolute", 0},
		{"path to the parent", `"bundles/digits"`, `"bundles/../../digits"`, "plugin.digits.bundle", "leads out of", 0},
		{"path around", `"bundles/digits"`, `"bundles/../bundles/digits"`, "plugin.digits.bundle", "is no plain path", 0},
		{"path with a dot", `"bundles/digits"`, `"./bundles/digits"`, "plugin.digits.bundle", "is no plain path", 0},
		{"path with a slash at the end", `"bundles/digits"`, `"bundles/digits/"`, "plugin.digits.bundle", "is no plain path", 0},
		{"path of Windows", `"bundles/digits"`, `'bundles\digits'`, "plugin.digits.bundle", "is not a path of", 0},
		{"path of a drive", `"bundles/digits"`, `"C:digits"`, "plugin.digits.bundle", "is not a path of", 0},
		{"path with NUL", `"bundles/digits"`, `"bundles\u0000"`, "plugin.digits.bundle", "U+0000", 0},
		{"empty path", `"bundles/digits"`, `""`, "plugin.digits.bundle", "is not a path of", 0},
		{"long path", `"bundles/digits"`, `"` + strings.Repeat("a", 5000) + `"`, "plugin.digits.bundle", "has 5000 bytes", 0},
		{"path to nothing", `"bundles/digits"`, `"bundles/digit"`, "plugin.digits.bundle", `"bundles/digit" does not exist`, 0},
		{"path to a file", `"bundles/digits"`, `"keys/acme.pub"`, "plugin.digits.bundle", "is no folder", 0},
		{"key is a folder", `"keys/acme-2.pub"`, `"keys/device"`, "publisher.acme.keys[1]", "is no regular file", 0},
		{"state is the folder itself", `state = "state"`, `state = "."`, "state", "is no plain path", 0},
		{"state is a file", `state = "state"`, `state = "device.toml"`, "state", `"device.toml" is no folder`, 0},
		{"state below a file", `state = "state"`, `state = "device.toml/x"`, "state", `"device.toml" is no folder`, 0},
		{"state among the keys", `state = "state"`, `state = "keys/device/state"`, "state", "lie inside each other", 0},
		{"state inside a bundle", `state = "state"`, `state = "bundles/digits/state"`, "plugin.digits.bundle", "lie inside each other", 87},
	} {
		t.Run(u.name, func(t *testing.T) {
			if u.key == "" {
				_, got := load(t, stage(t, strings.Replace(readFile(t, "testdata/good.toml"), u.old, u.new, 1), ""))
				compare(t, got, nil)
				return
			}
			u.run(t)
		})
	}
}
