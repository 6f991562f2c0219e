// Prints what floating-point instructions of ARM make of operands at corners, as
// lines for TestARMVectors:
//
//	operation environment operands = result flags
//
// The environment is the rounding of FPCR (n, p, m, z) and then f for FZ, d for
// DN, a for AHP; the flags are those of FPSR: i invalid, z division by zero, o
// overflow, u underflow, x inexact, d input denormal. Operands are drawn by a
// generator with a fixed seed, COUNT for each operation:
//
//	aarch64-linux-gnu-gcc -O1 -static -o a64 armfp.c
//	arm-linux-gnueabihf-gcc -O1 -static -mfpu=neon-vfpv4 -o a32 armfp.c
//	(qemu-aarch64 -cpu max a64 COUNT; qemu-arm -cpu max a32 COUNT) > arm.txt

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef uint64_t u64;
typedef u64 fn(u64 a, u64 b, u64 c);

// The kinds of operands: floats by width, integers.
enum { NONE, H, S, D, W, X };

struct row {
	const char *name;
	int kinds[3];
	fn *f;
	int weight; // how many lines more than usual
};

#ifdef __aarch64__
// With the operands in v0 to v2 and x9, and the result in x9.
#define OP(name, code)                                                                                            \
	static u64 f_##name(u64 a, u64 b, u64 c)                                                                  \
	{                                                                                                         \
		u64 r;                                                                                            \
		asm volatile("fmov d0, %1\n fmov d1, %2\n fmov d2, %3\n mov x9, %1\n" code "\n mov %0, x9"         \
			     : "=r"(r) : "r"(a), "r"(b), "r"(c) : "x9", "v0", "v1", "v2", "cc");                   \
		return r;                                                                                         \
	}
#define FLOATS "\n fmov x9, d0"
#define TWO(name)                                                                                                 \
	OP(name##32, #name " s0, s0, s1" FLOATS)                                                                  \
	OP(name##64, #name " d0, d0, d1" FLOATS)
#define ONE(name)                                                                                                 \
	OP(name##32, #name " s0, s0" FLOATS)                                                                      \
	OP(name##64, #name " d0, d0" FLOATS)
TWO(fadd) TWO(fsub) TWO(fmul) TWO(fmulx) TWO(fdiv) TWO(fmin) TWO(fmax) TWO(fminnm) TWO(fmaxnm) TWO(frecps) TWO(frsqrts)
ONE(fsqrt) ONE(frecpe) ONE(frsqrte) ONE(frintn) ONE(frintp) ONE(frintm) ONE(frintz) ONE(frinta) ONE(frintx) ONE(frinti)
OP(fmadd32, "fmadd s0, s0, s1, s2" FLOATS)
OP(fmadd64, "fmadd d0, d0, d1, d2" FLOATS)
#define FLAGS "\n mrs x9, nzcv\n lsr x9, x9, #28"
OP(fcmp32, "fcmp s0, s1" FLAGS) OP(fcmp64, "fcmp d0, d1" FLAGS)
OP(fcmpe32, "fcmpe s0, s1" FLAGS) OP(fcmpe64, "fcmpe d0, d1" FLAGS)
OP(f16tof32, "fcvt s0, h0" FLOATS) OP(f16tof64, "fcvt d0, h0" FLOATS)
OP(f32tof16, "fcvt h0, s0" FLOATS) OP(f64tof16, "fcvt h0, d0" FLOATS)
OP(f32tof64, "fcvt d0, s0" FLOATS) OP(f64tof32, "fcvt s0, d0" FLOATS)
OP(fcvtxn, "fcvtxn s0, d0" FLOATS)
// To integers of both sizes, to fixed-point numbers, and from them.
#define INTS(name)                                                                                                \
	OP(name##_w_s, #name " w9, s0") OP(name##_x_s, #name " x9, s0")                                           \
	OP(name##_w_d, #name " w9, d0") OP(name##_x_d, #name " x9, d0")
INTS(fcvtns) INTS(fcvtps) INTS(fcvtms) INTS(fcvtzs) INTS(fcvtas) INTS(fcvtnu) INTS(fcvtpu) INTS(fcvtmu) INTS(fcvtzu) INTS(fcvtau)
#define FIX(name)                                                                                                 \
	OP(name##_w_s_7, #name " w9, s0, #7") OP(name##_x_s_64, #name " x9, s0, #64")                             \
	OP(name##_w_d_32, #name " w9, d0, #32") OP(name##_x_d_9, #name " x9, d0, #9")
FIX(fcvtzs) FIX(fcvtzu)
#define FROM(name)                                                                                                \
	OP(name##_s_w, #name " s0, w9" FLOATS) OP(name##_s_x, #name " s0, x9" FLOATS)                             \
	OP(name##_d_w, #name " d0, w9" FLOATS) OP(name##_d_x, #name " d0, x9" FLOATS)                             \
	OP(name##_s_w_32, #name " s0, w9, #32" FLOATS) OP(name##_s_x_5, #name " s0, x9, #5" FLOATS)               \
	OP(name##_d_w_1, #name " d0, w9, #1" FLOATS) OP(name##_d_x_64, #name " d0, x9, #64" FLOATS)
FROM(scvtf) FROM(ucvtf)

#define R2(name) {#name "32", {S, S}, f_##name##32}, {#name "64", {D, D}, f_##name##64}
#define R1(name) {#name "32", {S}, f_##name##32}, {#name "64", {D}, f_##name##64}
#define RI(name)                                                                                                  \
	{#name "_w_s", {S}, f_##name##_w_s}, {#name "_x_s", {S}, f_##name##_x_s},                                 \
	{#name "_w_d", {D}, f_##name##_w_d}, {#name "_x_d", {D}, f_##name##_x_d}
#define RX(name)                                                                                                  \
	{#name "_w_s_7", {S}, f_##name##_w_s_7}, {#name "_x_s_64", {S}, f_##name##_x_s_64},                       \
	{#name "_w_d_32", {D}, f_##name##_w_d_32}, {#name "_x_d_9", {D}, f_##name##_x_d_9}
#define RF(name)                                                                                                  \
	{#name "_s_w", {W}, f_##name##_s_w}, {#name "_s_x", {X}, f_##name##_s_x},                                 \
	{#name "_d_w", {W}, f_##name##_d_w}, {#name "_d_x", {X}, f_##name##_d_x},                                 \
	{#name "_s_w_32", {W}, f_##name##_s_w_32}, {#name "_s_x_5", {X}, f_##name##_s_x_5},                       \
	{#name "_d_w_1", {W}, f_##name##_d_w_1}, {#name "_d_x_64", {X}, f_##name##_d_x_64}
static const struct row rows[] = {
	R2(fadd), R2(fsub), R2(fmul), R2(fmulx), R2(fdiv), R2(fmin), R2(fmax), R2(fminnm), R2(fmaxnm), R2(frecps), R2(frsqrts),
	{"fmadd32", {S, S, S}, f_fmadd32, 4}, {"fmadd64", {D, D, D}, f_fmadd64, 4},
	R1(fsqrt), R1(frecpe), R1(frsqrte),
	R1(frintn), R1(frintp), R1(frintm), R1(frintz), R1(frinta), R1(frintx), R1(frinti),
	R2(fcmp), R2(fcmpe),
	{"f16tof32", {H}, f_f16tof32}, {"f16tof64", {H}, f_f16tof64}, {"f32tof16", {S}, f_f32tof16, 4}, {"f64tof16", {D}, f_f64tof16, 4},
	{"f32tof64", {S}, f_f32tof64}, {"f64tof32", {D}, f_f64tof32, 8}, {"fcvtxn", {D}, f_fcvtxn},
	RI(fcvtns), RI(fcvtps), RI(fcvtms), RI(fcvtzs), RI(fcvtas), RI(fcvtnu), RI(fcvtpu), RI(fcvtmu), RI(fcvtzu), RI(fcvtau),
	RX(fcvtzs), RX(fcvtzu), RF(scvtf), RF(ucvtf),
};
static void set(u64 fpcr) { asm volatile("msr fpcr, %0\n msr fpsr, xzr" ::"r"(fpcr)); }
static u64 get(void)
{
	u64 v;
	asm volatile("mrs %0, fpsr" : "=r"(v));
	return v;
}
static const u64 must, never; // bits of the environment
#else
#define OP(name, code)                                                                                            \
	static u64 f_##name(u64 a, u64 b, u64 c)                                                                  \
	{                                                                                                         \
		uint32_t r;                                                                                       \
		asm volatile("vmov d0, %1, %1\n vmov d1, %2, %2\n" code "\n vmov %0, s0"                          \
			     : "=r"(r) : "r"((uint32_t)a), "r"((uint32_t)b) : "d0", "d1");                         \
		return r;                                                                                         \
	}
OP(vrecps, "vrecps.f32 d0, d0, d1") OP(vrsqrts, "vrsqrts.f32 d0, d0, d1")
OP(vcvts16, "vcvt.s16.f32 s0, s0, #4\n vmov %0, s0\n uxth %0, %0\n vmov s0, %0") OP(vcvtu16, "vcvt.u16.f32 s0, s0, #0")
OP(vcvtfs16, "vcvt.f32.s16 s0, s0, #4") OP(vcvtfu16, "vcvt.f32.u16 s0, s0, #16")
static const struct row rows[] = {
	{"vrecps", {S, S}, f_vrecps}, {"vrsqrts", {S, S}, f_vrsqrts}, {"vcvts16", {S}, f_vcvts16}, {"vcvtu16", {S}, f_vcvtu16},
	{"vcvtfs16", {W}, f_vcvtfs16}, {"vcvtfu16", {W}, f_vcvtfu16},
};
static void set(u64 fpcr) { asm volatile("vmsr fpscr, %0" ::"r"((uint32_t)fpcr)); }
static u64 get(void)
{
	uint32_t v;
	asm volatile("vmrs %0, fpscr" : "=r"(v));
	return v;
}
static const u64 must = 3 << 24, never = 3 << 22; // as NEON has it
#endif

static u64 state = 88172645463325252u;
static u64 rnd(u64 n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 11) % n;
}

static const uint16_t half[] = {0, 1, 2, 0x1ff, 0x200, 0x3ff, 0x400, 0x401, 0x3800, 0x3c00, 0x3c01, 0x7bff, 0x7c00, 0x7c01, 0x7d55, 0x7e00, 0x7eaa, 0x7fff};
static const uint32_t single[] = {
	0, 1, 2, 3, 0x1fffff, 0x200000, 0x3fffff, 0x400000, 0x555555, 0x7ffffe, 0x7fffff, 0x800000, 0x800001, 0xffffff, 0x1000000,
	0x33000000, 0x33000001, 0x33800000, 0x387fc000, 0x387fe000, 0x387fefff, 0x387ff000, 0x38800000, // half denormals
	0x3e800000, 0x3effffff, 0x3f000000, 0x3f000001, 0x3f7fffff, 0x3f800000, 0x3f800001, 0x3fc00000, 0x40000000, 0x40200000, 0x40400000,
	0x3eaaaaab, 0x477fe000, 0x477fefff, 0x477ff000, 0x47800000, 0x47ffe000, 0x47fff000, 0x4affffff, 0x4b000001,
	0x46fffe00, 0x47000000, 0x4effffff, 0x4f000000, 0x4f7fffff, 0x4f800000, 0x5effffff, 0x5f000000, 0x5f7fffff, 0x5f800000,
	0x7e7fffff, 0x7e800000, 0x7effffff, 0x7f000000, 0x7f7ffffe, 0x7f7fffff, 0x7f800000, 0x7f800001, 0x7fa5a5a5, 0x7fc00000, 0x7fc12345, 0x7fffffff,
};
static const u64 twice[] = {
	0, 1, 2, 3, 0x3ffffffffffff, 0x4000000000000, 0x7ffffffffffff, 0x8000000000000, 0xffffffffffffe, 0xfffffffffffff,
	0x10000000000000, 0x10000000000001, 0x20000000000000,
	0x3690000000000000, 0x3690000000000001, 0x36a0000000000000, 0x380fffffe0000000, 0x380fffffffffffff, 0x3800000000000000, // single denormals
	0x380fffffefffffff, 0x380ffffff0000000, 0x3810000000000000, 0x3e60000000000000, 0x3f0ffc0000000000, 0x3f10000000000000,
	0x3fd0000000000000, 0x3fdfffffffffffff, 0x3fe0000000000000, 0x3fe0000000000001, 0x3fefffffffffffff, 0x3ff0000000000000, 0x3ff0000000000001,
	0x3ff8000000000000, 0x4000000000000000, 0x4004000000000000, 0x4008000000000000, 0x3fd5555555555555, 0x40effc0000000000, 0x40effe0000000000, 0x40f0000000000000,
	0x41dfffffffc00000, 0x41dfffffffe00000, 0x41e0000000000000, 0x41e0000000100000, 0x41efffffffe00000, 0x41effffffff00000, 0x41f0000000000000,
	0x43dfffffffffffff, 0x43e0000000000000, 0x43efffffffffffff, 0x43f0000000000000, 0x432fffffffffffff, 0x4330000000000001,
	0x47efffffe0000000, 0x47efffffefffffff, 0x47effffff0000000, 0x47f0000000000000,
	0x7fcfffffffffffff, 0x7fd0000000000000, 0x7fdfffffffffffff, 0x7fe0000000000000, 0x7feffffffffffffe, 0x7fefffffffffffff,
	0x7ff0000000000000, 0x7ff0000000000001, 0x7ff4a5a5a5a5a5a5, 0x7ff8000000000000, 0x7ff8000012345678, 0x7fffffffffffffff,
};
static const uint32_t special32[] = {0, 0x7f800000, 0x7f800001, 0x7fa5a5a5, 0x7fc12345, 0x7fffffff};
static const u64 special64[] = {0, 0x7ff0000000000000, 0x7ff0000000000001, 0x7ff4a5a5a5a5a5a5, 0x7ff8000012345678, 0x7fffffffffffffff};
#define PICK(t) (t)[rnd(sizeof(t) / sizeof((t)[0]))]

static u64 any(void) { return rnd(1ull << 32) << 32 | rnd(1ull << 32); }

// draw makes an operand: one of the corners, among them often one that is no
// finite number, or one whose exponent is near that of another.
static u64 draw(int kind, u64 other)
{
	u64 v = any();
	switch (kind) {
	case H:
		return rnd(2) ? PICK(half) | rnd(2) << 15 : v & 0xffff;
	case S:
		if (rnd(8) < 5)
			return (rnd(3) ? PICK(single) : PICK(special32)) | rnd(2) << 31;
		v &= 0x807fffff;
		return v | ((rnd(2) ? rnd(256) << 23 : other + ((rnd(60) - 30) << 23)) & 0x7f800000);
	case D:
		if (rnd(8) < 5)
			return (rnd(3) ? PICK(twice) : PICK(special64)) | rnd(2) << 63;
		v &= 0x800fffffffffffff;
		return v | ((rnd(2) ? rnd(2048) << 52 : other + ((rnd(120) - 60) << 52)) & 0x7ff0000000000000);
	case W:
		v &= 0xffffffff;
		return rnd(2) ? v >> rnd(32) : (1ull << rnd(32)) - rnd(3) & 0xffffffff;
	case X:
		return rnd(2) ? v >> rnd(64) : (1ull << rnd(64)) - rnd(3);
	}
	return 0;
}

static void line(const struct row *r, u64 a, u64 b, u64 c)
{
	u64 env = (rnd(rnd(2) ? 4 : 32) << 22 | must) & ~never;
	int round = env >> 22 & 3;
	set(env);
	u64 v = r->f(a, b, c);
	u64 flags = get();
	set(0);
	printf("%s %c%s%s%s", r->name, "npmz"[round], env >> 24 & 1 ? "f" : "", env >> 25 & 1 ? "d" : "", env >> 26 & 1 ? "a" : "");
	u64 in[3] = {a, b, c};
	for (int i = 0; i < 3 && r->kinds[i] != NONE; i++)
		printf(" %llx", (unsigned long long)in[i]);
	printf(" = %llx ", (unsigned long long)v);
	for (int i = 0; i < 8; i++)
		if (flags >> i & 1)
			putchar("izoux..d"[i]);
	putchar('\n');
}

// triples has all operands that are no finite numbers, or zero.
static void triples(const struct row *r)
{
	for (int i = 0; i < 4 * 4 * 4; i++) {
		int n[3] = {i & 3, i >> 2 & 3, i >> 4};
		u64 v[3];
		for (int k = 0; k < 3; k++)
			v[k] = r->kinds[k] == S ? special32[n[k] + n[k] / 2] : special64[n[k] + n[k] / 2];
		line(r, v[0], v[1], v[2]);
	}
}

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 20;
	for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int n = count * (1 + rows[i].weight + 2 * (rows[i].kinds[1] != NONE)); // more for more operands
		while (n--) {
			u64 a = draw(rows[i].kinds[0], 0), b = draw(rows[i].kinds[1], a);
			line(&rows[i], a, b, draw(rows[i].kinds[2], b));
		}
		if (rows[i].kinds[2] != NONE)
			triples(&rows[i]);
	}
}
