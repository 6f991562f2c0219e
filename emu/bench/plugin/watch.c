/* A plugin for qemu that calls a function, which counts, on every block,
 * instruction or access: mode=tb, insn or mem. The functions of qemu that it
 * needs are declared here (qemu, docs/devel/tcg-plugins), since their header is
 * seldom installed. API is the version of them that qemu is to find. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef void (*exec_cb)(unsigned cpu, void *data);
typedef void (*mem_cb)(unsigned cpu, uint32_t info, uint64_t addr, void *data);

enum { NO_REGS = 0, READ_WRITE = 3 };

void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, void (*cb)(uint64_t id, struct qemu_plugin_tb *tb));
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t n);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, exec_cb cb, int flags, void *data);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, exec_cb cb, int flags, void *data);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn, mem_cb cb, int flags, int rw, void *data);

EXPORT int qemu_plugin_version = API;

static uint64_t n;
static char mode;

static void on_exec(unsigned cpu, void *data) { n++; }
static void on_access(unsigned cpu, uint32_t info, uint64_t addr, void *data) { n++; }

static void translated(uint64_t id, struct qemu_plugin_tb *tb)
{
	if (mode == 't')
		qemu_plugin_register_vcpu_tb_exec_cb(tb, on_exec, NO_REGS, 0);
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		if (mode == 'i')
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_exec, NO_REGS, 0);
		if (mode == 'm')
			qemu_plugin_register_vcpu_mem_cb(insn, on_access, NO_REGS, READ_WRITE, 0);
	}
}

EXPORT int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		if (!strncmp(argv[i], "mode=", 5))
			mode = argv[i][5];
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
