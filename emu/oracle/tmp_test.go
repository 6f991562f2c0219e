package oracle
import ("testing";"syscall")
func BenchmarkCont(b *testing.B) {
	o := start(b)
	for i := range o.Bytes(codeAt,0x1000) { o.Bytes(codeAt,0x1000)[i]=0xcc }
	o.Set(at(64))
	n:=0
	for b.Loop() {
		if n++; n==4000 { o.Set(at(64)); n=0 }
		ptrace(syscall.PTRACE_CONT, o.pid, 0, nil)
		var st syscall.WaitStatus
		syscall.Wait4(o.pid,&st,syscall.WALL,nil)
		if st.StopSignal()!=syscall.SIGTRAP { b.Fatal(st.StopSignal()) }
		o.getRegs()
	}
}
