package emu
import ("testing";"fmt";"os";"bytes")
func TestZZ(t *testing.T){
 for _, n := range []int{0,1,5} {
  p := steadyPrograms[n]
  t.Run(p.name, func(t *testing.T){
  t.Parallel()
  path,args := p.make(t)
  if n != 5 { for range 10 { runSteadily(t,path,args,steadyWay{},0) }; return }
  var want *steadyRun
  for i := range 16 {
   var b bytes.Buffer
   r := runSteadily(t,path,args,steadyWay{set: func(c *Config){c.Program.Strace=&b}},0)
   os.WriteFile(fmt.Sprintf("/tmp/det_strace.%d",i),b.Bytes(),0o644)
   if want==nil { want=r; continue}
   fmt.Println(i, r.difference(want))
  }
 })}
}
