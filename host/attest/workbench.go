package attest

// WorkbenchType is the type of what the author's workbench makes in place of evidence, and the context of all its
// signatures.
const WorkbenchType = "bulkhead/workbench/v1"

// KindWorkbench is the kind of what the author's workbench makes.
const KindWorkbench = "workbench"

const workbenchStatement = "This was made on an author's workbench, with a key that was thrown away. It proves nothing."

// NewWorkbench is New for the author's workbench: what it makes has the shape of evidence, so that a plugin can be tried,
// and says in its type, kind and statement that it is none. It is signed in a context of its own, and Verify never
// returns it, whichever key is trusted.
func NewWorkbench(c Config) (*Software, error) {
	return newSoftware(c, form{WorkbenchType, KindWorkbench, workbenchStatement})
}
