package softfloat

// Rules names what an architecture decides where IEEE 754 leaves a choice, or
// decided before there was a standard.
type Rules uint8

// The rule sets.
const (
	SSE Rules = iota // x86 but for its x87 (SDM vol. 1 4.8, 4.9, 10.2, 11.5, 14.5)
	ARM              // A64, A32 and T32 (ARM ARM, pseudocode of shared/functions/float)
	NumRules
)

func (r Rules) String() string { return rulesRows[r%NumRules].name }

// rules are the decisions.
type rules struct {
	name string

	// Which NaN a result takes: the first operand that is one, or the first
	// signaling one before all quiet ones. A fused multiply-add has its addend
	// last or first.
	signalingFirst bool
	addendFirst    bool
	// An infinity times zero is invalid even if a quiet NaN is added.
	invalidFirst bool
	negativeNaN  bool // the default NaN has its sign set

	tinyBefore bool // a result is tiny by its value before rounding
	// DE tells of a denormal operand that counts as such; else of one that
	// counts as zero, and then beside any other operand.
	denormalUsed bool
	// A tiny result made zero raises UE and PE, and only if UE is masked; else
	// always, and UE alone.
	flushInexact bool

	// An integer that does not fit is the nearest that does, and 0 for a NaN;
	// else a fixed pattern.
	saturate bool
	// Minimum and maximum know a NaN from a number and -0 from 0; else they are
	// a comparison that chooses the second operand when it fails.
	ordered bool
}

var rulesRows = [NumRules]rules{
	SSE: {name: "sse", negativeNaN: true, denormalUsed: true, flushInexact: true},
	ARM: {name: "arm", signalingFirst: true, addendFirst: true, invalidFirst: true, tinyBefore: true, saturate: true, ordered: true},
}

func (e *Env) rules() *rules { return &rulesRows[e.Rules%NumRules] }
