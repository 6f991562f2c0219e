package text

import (
	"panda/emu/linux/abi"
)

// kind is how a type of argument is printed.
type kind struct {
	name   string
	show   formatter
	out    bool                             // filled in by the kernel: printed after the call
	outIf  func(p *printer, a operand) bool // the same, depending on another argument
	before func(p *printer, a operand)      // keeps what an in-out argument holds
	always bool                             // printed in full even if the call failed
}

var kinds [abi.NumTypes]kind

// init fills in the table, which refers to formatters that refer to the table (the
// rest of a timeout in a result).
func init() {
	for _, rows := range []map[abi.Type]kind{
		kindsNumber, kindsString, kindsOut, kindsStruct, kindsFile, kindsMem, kindsProc, kindsWait, kindsNet,
	} {
		for t, k := range rows { // a table again
			kinds[t] = k
		}
	}
}

var kindsNumber = map[abi.Type]kind{
	abi.TSkip:           {name: "Skip", show: nothing},
	abi.TInt:            {name: "Int", show: showInt},
	abi.TUint:           {name: "Uint", show: showUint},
	abi.TLong:           {name: "Long", show: showLong},
	abi.TUlong:          {name: "Ulong", show: showUlong},
	abi.TSize:           {name: "Size", show: showUlong},
	abi.THex:            {name: "Hex", show: showHex},
	abi.THexPair:        {name: "HexPair", show: showHex},
	abi.TPtr:            {name: "Ptr", show: showPtr},
	abi.TID:             {name: "ID", show: showID},
	abi.TID16:           {name: "ID16", show: showID16},
	abi.TFD:             {name: "FD", show: showInt},
	abi.TAtFD:           {name: "AtFD", show: showAtFD},
	abi.TOffPair:        {name: "OffPair", show: showOffPair},
	abi.TOffHiLo:        {name: "OffHiLo", show: showOffHiLo},
	abi.TPageOff:        {name: "PageOff", show: showPageOff},
	abi.TMode:           {name: "Mode", show: showMode},
	abi.TModeIf:         {name: "ModeIf", show: showModeIf},
	abi.TFileMode:       {name: "FileMode", show: showFileMode},
	abi.TUmask:          {name: "Umask", show: showUmask},
	abi.TDev:            {name: "Dev", show: showDev},
	abi.TDevIf:          {name: "DevIf", show: showDevIf},
	abi.TTime:           {name: "Time", show: outTime},
	abi.TOldSigmask:     {name: "OldSigmask", show: showOldSigmask},
	abi.TSigHandler:     {name: "SigHandler", show: showSigHandler},
	abi.TSigframe:       {name: "Sigframe", show: showSigframe},
	abi.TOldSigframe:    {name: "OldSigframe", show: showOldSigframe},
	abi.TMremapAddr:     {name: "MremapAddr", show: showMremapAddr},
	abi.TFcntlArg:       {name: "FcntlArg", show: showFcntlArg, outIf: fcntlFills},
	abi.TIoctlArg:       {name: "IoctlArg", show: showIoctlArg, outIf: ioctlOut, always: true},
	abi.TPrctlArg:       {name: "PrctlArg", show: showPrctlArg, outIf: prctlFills, always: true},
	abi.TArchPrctlArg:   {name: "ArchPrctlArg", show: showArchPrctlArg, outIf: archPrctlFills},
	abi.TFutexVal:       {name: "FutexVal", show: showFutexVal},
	abi.TFutexTimeout:   {name: "FutexTimeout", show: showFutexTimeout(structure(showTimespec))},
	abi.TFutexTimeout64: {name: "FutexTimeout64", show: showFutexTimeout(structure(showTimespec64))},
	abi.TFutexAddr2:     {name: "FutexAddr2", show: showFutexAddr2},
	abi.TFutexVal3:      {name: "FutexVal3", show: showFutexVal3},
	abi.TMmapArgs:       {name: "MmapArgs", show: showPtr},
	abi.TSelectArgs:     {name: "SelectArgs", show: showPtr},
	abi.TSocketCallArgs: {name: "SocketCallArgs", show: showPtr},
}

func fcntlFills(p *printer, a operand) bool { return fcntlOut[uint32(p.value(a.by))] }

func prctlFills(p *printer, a operand) bool {
	return a.i == 1 && prctlOut[uint32(p.value(a.by))]
}

func archPrctlFills(p *printer, a operand) bool {
	op := uint32(p.value(a.by))
	return op == abi.ARCH_GET_FS || op == abi.ARCH_GET_GS
}

func cloneFills(p *printer, _ operand) bool {
	return p.cloneWants(abi.CLONE_PARENT_SETTID | abi.CLONE_PIDFD)
}

var kindsString = map[abi.Type]kind{
	abi.TPath:       {name: "Path", show: showPath},
	abi.TStr:        {name: "Str", show: showStr},
	abi.TBuf:        {name: "Buf", show: showBuf},
	abi.THostname:   {name: "Hostname", show: showHostname},
	abi.TStrArray:   {name: "StrArray", show: showStrArray},
	abi.TEnv:        {name: "Env", show: showEnv},
	abi.TXattr:      {name: "Xattr", show: showXattr},
	abi.TIovec:      {name: "Iovec", show: showIovec},
	abi.TIovecPtrs:  {name: "IovecPtrs", show: showIovecPtrs},
	abi.TOutBuf:     {name: "OutBuf", show: showOutBuf, out: true},
	abi.TOutHexBuf:  {name: "OutHexBuf", show: showOutHexBuf, out: true},
	abi.TOutStr:     {name: "OutStr", show: showOutStr, out: true},
	abi.TOutLink:    {name: "OutLink", show: showOutLink, out: true},
	abi.TOutXattr:   {name: "OutXattr", show: showOutXattr, out: true},
	abi.TOutIovec:   {name: "OutIovec", show: showOutIovec, out: true, always: true},
	abi.TDirents:    {name: "Dirents", show: showDirents(nextDirent), out: true},
	abi.TDirents64:  {name: "Dirents64", show: showDirents(nextDirent64), out: true},
	abi.TOldDirent:  {name: "OldDirent", show: showPtr, out: true},
	abi.TMsgbuf:     {name: "Msgbuf", show: showMsgbuf},
	abi.TOutMsgbuf:  {name: "OutMsgbuf", show: showOutMsgbuf, out: true},
	abi.TMincoreVec: {name: "MincoreVec", show: showMincoreVec, out: true},
}

var kindsOut = map[abi.Type]kind{
	abi.TOutInt:      {name: "OutInt", show: outInt, out: true},
	abi.TOutID:       {name: "OutID", show: outID, out: true},
	abi.TOutID16:     {name: "OutID16", show: outID16, out: true},
	abi.TOutUlong:    {name: "OutUlong", show: outUlong, out: true},
	abi.TOutPtr:      {name: "OutPtr", show: outPtr, out: true},
	abi.TOutTime:     {name: "OutTime", show: outTime, out: true},
	abi.TOutTimerID:  {name: "OutTimerID", show: outInt, out: true},
	abi.TOutOff64:    {name: "OutOff64", show: outOff64, out: true},
	abi.TFDPair:      {name: "FDPair", show: showFDPair, out: true},
	abi.TOffPtr:      {name: "OffPtr", show: movedOffset(bytesWord), before: keepOffset(bytesWord), out: true, always: true},
	abi.TOff64Ptr:    {name: "Off64Ptr", show: showOffset(bytes8)},
	abi.TMovedOff64:  {name: "MovedOff64", show: movedOffset(bytes8), before: keepOffset(bytes8), out: true, always: true},
	abi.TOutMpol:     {name: "OutMpol", show: number(bytes4, func(_ *printer, v uint64) string { return mpolModes.Format(v) }), out: true},
	abi.TGroups:      {name: "Groups", show: showGroups(4, idText)},
	abi.TGroups16:    {name: "Groups16", show: showGroups(2, id16Text)},
	abi.TOutGroups:   {name: "OutGroups", show: showOutGroups(4, idText), out: true},
	abi.TOutGroups16: {name: "OutGroups16", show: showOutGroups(2, id16Text), out: true},
}

var kindsStruct = map[abi.Type]kind{
	abi.TStat:    {name: "Stat", show: structure(showStat), out: true},
	abi.TStat64:  {name: "Stat64", show: structure(func(p *printer, v *abi.Stat64) string { return showStat(p, (*abi.Stat)(v)) }), out: true},
	abi.TOldStat: {name: "OldStat", show: structure(func(p *printer, v *abi.OldStat) string { return showStat(p, (*abi.Stat)(v)) }), out: true},
	abi.TStatx:   {name: "Statx", show: structure(showStatx), out: true},
	abi.TStatfs:  {name: "Statfs", show: structure(showStatfs), out: true},
	abi.TStatfs64: {name: "Statfs64", show: structure(func(p *printer, v *abi.Statfs64) string {
		return showStatfs(p, (*abi.Statfs)(v))
	}), out: true},
	abi.TUtsname:         {name: "Utsname", show: structure(showUtsname), out: true},
	abi.TOldUtsname:      {name: "OldUtsname", show: structure(showOldUtsname), out: true},
	abi.TOldOldUtsname:   {name: "OldOldUtsname", show: structure(showOldOldUtsname), out: true},
	abi.TSysinfo:         {name: "Sysinfo", show: structure(showSysinfo), out: true},
	abi.TTms:             {name: "Tms", show: structure(showTms), out: true},
	abi.TUtimbuf:         {name: "Utimbuf", show: structure(showUtimbuf)},
	abi.TRlimit:          {name: "Rlimit", show: structure(showRlimit)},
	abi.TOutRlimit:       {name: "OutRlimit", show: structure(showRlimit), out: true},
	abi.TRlimit64:        {name: "Rlimit64", show: structure(showRlimit64)},
	abi.TOutRlimit64:     {name: "OutRlimit64", show: structure(showRlimit64), out: true},
	abi.TOutRusage:       {name: "OutRusage", show: afterWait(structure(showRusage)), out: true},
	abi.TWaitStatus:      {name: "WaitStatus", show: showWaitStatus, out: true},
	abi.TTimespec:        {name: "Timespec", show: structure(showTimespec)},
	abi.TOutTimespec:     {name: "OutTimespec", show: structure(showTimespec), out: true},
	abi.TRemTimespec:     {name: "RemTimespec", show: restTime(structure(showTimespec)), out: true, always: true},
	abi.TTimespecs:       {name: "Timespecs", show: showTimespecs},
	abi.TTimespec64:      {name: "Timespec64", show: structure(showTimespec64)},
	abi.TOutTimespec64:   {name: "OutTimespec64", show: structure(showTimespec64), out: true},
	abi.TRemTimespec64:   {name: "RemTimespec64", show: restTime(structure(showTimespec64)), out: true, always: true},
	abi.TTimespecs64:     {name: "Timespecs64", show: showTimespecs64},
	abi.TTimeval:         {name: "Timeval", show: structure(showTimeval)},
	abi.TOutTimeval:      {name: "OutTimeval", show: structure(showTimeval), out: true},
	abi.TTimevals:        {name: "Timevals", show: showTimevals},
	abi.TTimezone:        {name: "Timezone", show: structure(showTimezone)},
	abi.TOutTimezone:     {name: "OutTimezone", show: structure(showTimezone), out: true},
	abi.TItimerval:       {name: "Itimerval", show: structure(showItimerval)},
	abi.TOutItimerval:    {name: "OutItimerval", show: structure(showItimerval), out: true},
	abi.TItimerspec:      {name: "Itimerspec", show: structure(showItimerspec)},
	abi.TOutItimerspec:   {name: "OutItimerspec", show: structure(showItimerspec), out: true},
	abi.TItimerspec64:    {name: "Itimerspec64", show: structure(showItimerspec64)},
	abi.TOutItimerspec64: {name: "OutItimerspec64", show: structure(showItimerspec64), out: true},
	abi.TTimex:           {name: "Timex", show: structure(showTimex), out: true},
	abi.TTimex64:         {name: "Timex64", show: structure(func(p *printer, v *abi.Timex64) string { return showTimex(p, (*abi.Timex)(v)) }), out: true},
	abi.TSigset:          {name: "Sigset", show: showSigset},
	abi.TOutSigset:       {name: "OutSigset", show: showSigset, out: true},
	abi.TOldSigset:       {name: "OldSigset", show: showOldSigset},
	abi.TOutOldSigset:    {name: "OutOldSigset", show: showOldSigset, out: true},
	abi.TSelectMask:      {name: "SelectMask", show: showSelectMask},
	abi.TSigaction:       {name: "Sigaction", show: structure(showSigaction)},
	abi.TOutSigaction:    {name: "OutSigaction", show: structure(showSigaction), out: true},
	abi.TOldSigaction:    {name: "OldSigaction", show: structure(showOldSigaction)},
	abi.TOutOldSigaction: {name: "OutOldSigaction", show: structure(showOldSigaction), out: true},
	abi.TSiginfo:         {name: "Siginfo", show: structure(showSiginfo)},
	abi.TOutSiginfo:      {name: "OutSiginfo", show: structure(showSiginfo), out: true},
	abi.TStack:           {name: "Stack", show: structure(showStack)},
	abi.TOutStack:        {name: "OutStack", show: structure(showStack), out: true},
	abi.TSigevent:        {name: "Sigevent", show: structure(showSigevent)},
	abi.TSchedParam:      {name: "SchedParam", show: structure(showSchedParam)},
	abi.TOutSchedParam:   {name: "OutSchedParam", show: structure(showSchedParam), out: true},
	abi.TCPUSet:          {name: "CPUSet", show: showCPUSet},
	abi.TOutCPUSet:       {name: "OutCPUSet", show: showOutCPUSet, out: true},
	abi.TCapHeader:       {name: "CapHeader", show: structure(showCapHeader)},
	abi.TCapData:         {name: "CapData", show: showCapData},
	abi.TOutCapData:      {name: "OutCapData", show: showCapData, out: true},
	abi.TUserDesc:        {name: "UserDesc", show: structure(showUserDesc)},
	abi.TOutUserDesc:     {name: "OutUserDesc", show: structure(showUserDesc), out: true},
	abi.TCloneArgs:       {name: "CloneArgs", show: showCloneArgsOut, out: true, always: true},
	abi.TOpenHow:         {name: "OpenHow", show: structure(showOpenHow)},
	abi.TMqAttr:          {name: "MqAttr", show: structure(showMqAttr)},
	abi.TMqAttrIf:        {name: "MqAttrIf", show: showMqAttrIf},
	abi.TOutMqAttr:       {name: "OutMqAttr", show: structure(showMqAttr), out: true},
	abi.TSembufs:         {name: "Sembufs", show: showSembufs},
}

var kindsFile = map[abi.Type]kind{
	abi.TOpenFlags:      {name: "OpenFlags", show: showOpenFlags},
	abi.TOpenBits:       {name: "OpenBits", show: flags(&openFlags)},
	abi.TAccessMode:     {name: "AccessMode", show: flags(&accessModes)},
	abi.TAccessFlags:    {name: "AccessFlags", show: flags(&accessFlags)},
	abi.TAtFlags:        {name: "AtFlags", show: flags(&atFlags)},
	abi.TUnlinkFlags:    {name: "UnlinkFlags", show: flags(&atFlags)},
	abi.TStatxFlags:     {name: "StatxFlags", show: showStatxFlags},
	abi.TStatxMask:      {name: "StatxMask", show: flags(&statxMasks)},
	abi.TRenameFlags:    {name: "RenameFlags", show: flags(&renameFlags)},
	abi.TWhence:         {name: "Whence", show: enum(&whences)},
	abi.TFcntlCmd:       {name: "FcntlCmd", show: enum(&fcntlCmds)},
	abi.TFlockOp:        {name: "FlockOp", show: flags(&flockOps)},
	abi.TFallocMode:     {name: "FallocMode", show: flags(&fallocModes)},
	abi.TFadvice:        {name: "Fadvice", show: enum(&fadvices)},
	abi.TSpliceFlags:    {name: "SpliceFlags", show: flags(&spliceFlags)},
	abi.TSyncRangeFlags: {name: "SyncRangeFlags", show: flags(&syncRangeFlags)},
	abi.TRwFlags:        {name: "RwFlags", show: flags(&rwFlags)},
	abi.TXattrFlags:     {name: "XattrFlags", show: flags(&xattrFlags)},
	abi.TMountType:      {name: "MountType", show: showMountType},
	abi.TMountData:      {name: "MountData", show: showMountData},
	abi.TQuotaCmd:       {name: "QuotaCmd", show: showQuotaCmd},
	abi.TMountFlags:     {name: "MountFlags", show: showMountFlags},
	abi.TUmountFlags:    {name: "UmountFlags", show: flags(&umountFlags)},
	abi.TInotifyMask:    {name: "InotifyMask", show: flags(&inotifyMasks)},
	abi.TInotifyFlags:   {name: "InotifyFlags", show: flags(&inotifyFlags)},
	abi.TIoctlCmd:       {name: "IoctlCmd", show: showIoctlCmd},
}

var kindsMem = map[abi.Type]kind{
	abi.TProt:          {name: "Prot", show: wordFlags(&prots)},
	abi.TMapFlags:      {name: "MapFlags", show: showMapFlags},
	abi.TMremapFlags:   {name: "MremapFlags", show: wordFlags(&mremapFlags)},
	abi.TMsyncFlags:    {name: "MsyncFlags", show: flags(&msyncFlags)},
	abi.TMadvice:       {name: "Madvice", show: enum(&madvices)},
	abi.TMlockFlags:    {name: "MlockFlags", show: flags(&mlockFlags)},
	abi.TMlockallFlags: {name: "MlockallFlags", show: flags(&mlockallFlags)},
	abi.TNodeMask:      {name: "NodeMask", show: showNodeMask},
	abi.TOutNodeMask:   {name: "OutNodeMask", show: showNodeMask, out: true},
	abi.TMpolMode:      {name: "MpolMode", show: showMpolMode},
	abi.TMemfdFlags:    {name: "MemfdFlags", show: showMemfdFlags},
	abi.TIPCKey:        {name: "IPCKey", show: showIPCKey},
	abi.TIPCFlags:      {name: "IPCFlags", show: showIPCFlags},
	abi.TIPCCall:       {name: "IPCCall", show: showUint},
	abi.TShmgetFlags:   {name: "ShmgetFlags", show: showShmgetFlags},
	abi.TShmatFlags:    {name: "ShmatFlags", show: flags(&shmatFlags)},
	abi.TShmctlCmd:     {name: "ShmctlCmd", show: enumIPC(&shmctlCmds)},
	abi.TSemctlCmd:     {name: "SemctlCmd", show: enumIPC(&semctlCmds)},
	abi.TSemun:         {name: "Semun", show: func(p *printer, a operand) string { return "[" + p.ptr(a.v) + "]" }},
	abi.TMsgqFlags:     {name: "MsgqFlags", show: flags(&msgqFlags)},
	abi.TMsgctlCmd:     {name: "MsgctlCmd", show: enumIPC(&msgctlCmds)},
}

var kindsProc = map[abi.Type]kind{
	abi.TCloneFlags:      {name: "CloneFlags", show: showCloneFlags},
	abi.TCloneStack:      {name: "CloneStack", show: showCloneStack},
	abi.TCloneParentTID:  {name: "CloneParentTID", show: showCloneParentTID, outIf: cloneFills, always: true},
	abi.TCloneTLS:        {name: "CloneTLS", show: showCloneTLS},
	abi.TCloneChildTID:   {name: "CloneChildTID", show: showCloneChildTID},
	abi.TNsFlags:         {name: "NsFlags", show: flags(&nsFlags)},
	abi.TModuleFlags:     {name: "ModuleFlags", show: flags(&moduleFlags)},
	abi.TUnshareFlags:    {name: "UnshareFlags", show: wordFlags(&unshareFlags)},
	abi.TWaitFlags:       {name: "WaitFlags", show: flags(&waitFlags)},
	abi.TIDType:          {name: "IDType", show: enum(&idTypes)},
	abi.TFutexOp:         {name: "FutexOp", show: showFutexOp},
	abi.TRlimitRes:       {name: "RlimitRes", show: enum(&rlimitResources)},
	abi.TRusageWho:       {name: "RusageWho", show: enum(&rusageWhos)},
	abi.TPrioWhich:       {name: "PrioWhich", show: enum(&prioWhiches)},
	abi.TIoprioWhich:     {name: "IoprioWhich", show: enum(&ioprioWhiches)},
	abi.TSchedPolicy:     {name: "SchedPolicy", show: enum(&schedPolicies)},
	abi.TPrctlOp:         {name: "PrctlOp", show: enum(&prctlOps)},
	abi.TArchPrctlOp:     {name: "ArchPrctlOp", show: enum(&archPrctlOps)},
	abi.TPersona:         {name: "Persona", show: showPersona},
	abi.TPtraceReq:       {name: "PtraceReq", show: enum(&ptraceRequests)},
	abi.TSyslogArg:       {name: "SyslogArg", show: showSyslogArg},
	abi.TBpfCmd:          {name: "BpfCmd", show: enum(&bpfCmds)},
	abi.TRestart:         {name: "Restart", show: showRestart},
	abi.TRebootArg:       {name: "RebootArg", show: showRebootArg},
	abi.TPtracePID:       {name: "PtracePID", show: showPtraceArg(0)},
	abi.TPtraceAddr:      {name: "PtraceAddr", show: showPtraceArg(1)},
	abi.TPtraceData:      {name: "PtraceData", show: showPtraceArg(2)},
	abi.TSyslogType:      {name: "SyslogType", show: showSyslogType},
	abi.TSeccompOp:       {name: "SeccompOp", show: enum(&seccompOps)},
	abi.TSeccompFlags:    {name: "SeccompFlags", show: showSeccompFlags},
	abi.TMembarrierCmd:   {name: "MembarrierCmd", show: enum(&membarrierCmds)},
	abi.TRandomFlags:     {name: "RandomFlags", show: flags(&randomFlags)},
	abi.TRseqFlags:       {name: "RseqFlags", show: showHex},
	abi.TKcmpType:        {name: "KcmpType", show: enum(&kcmpTypes)},
	abi.TKcmpIndex:       {name: "KcmpIndex", show: showKcmpIndex},
	abi.TPidfdFlags:      {name: "PidfdFlags", show: flags(&pidfdFlags)},
	abi.TCloseRangeFlags: {name: "CloseRangeFlags", show: flags(&closeRangeFlags)},
	abi.TRebootMagic1:    {name: "RebootMagic1", show: enum(&rebootMagics1)},
	abi.TRebootMagic2:    {name: "RebootMagic2", show: enum(&rebootMagics2)},
	abi.TRebootCmd:       {name: "RebootCmd", show: enum(&rebootCmds)},
}

var kindsWait = map[abi.Type]kind{
	abi.TSignal:          {name: "Signal", show: showSignal},
	abi.TSigHow:          {name: "SigHow", show: enum(&sigHows)},
	abi.TSignalfdFlags:   {name: "SignalfdFlags", show: flags(&signalfdFlags)},
	abi.TClock:           {name: "Clock", show: enum(&clocks)},
	abi.TItimer:          {name: "Itimer", show: enum(&itimers)},
	abi.TTimerFlags:      {name: "TimerFlags", show: flags(&timerFlags)},
	abi.TTimerfdFlags:    {name: "TimerfdFlags", show: flags(&timerfdFlags)},
	abi.TTimerfdSetFlags: {name: "TimerfdSetFlags", show: flags(&timerfdFlags)},
	abi.TFDSet:           {name: "FDSet", show: showFDSet},
	abi.TPollFDs:         {name: "PollFDs", show: showPollFDs},
	abi.TEpollEvent:      {name: "EpollEvent", show: showEpollEvent},
	abi.TEpollEvents:     {name: "EpollEvents", show: showEpollEvents, out: true},
	abi.TEpollOp:         {name: "EpollOp", show: enum(&epollOps)},
	abi.TEpollFlags:      {name: "EpollFlags", show: flags(&epollFlags)},
	abi.TEventfdFlags:    {name: "EventfdFlags", show: flags(&eventfdFlags)},
}

var kindsNet = map[abi.Type]kind{
	abi.TSockaddr:    {name: "Sockaddr", show: showSockaddr},
	abi.TOutSockaddr: {name: "OutSockaddr", show: showOutSockaddr, out: true},
	abi.TSockLen:     {name: "SockLen", show: showSockLen, before: keepLength, out: true, always: true},
	abi.TSockOpt:     {name: "SockOpt", show: showSockOpt},
	abi.TOutSockOpt:  {name: "OutSockOpt", show: showOutSockOpt, out: true},
	abi.TMsghdr:      {name: "Msghdr", show: structure(showMsghdr)},
	abi.TOutMsghdr:   {name: "OutMsghdr", show: showOutMsghdr, before: keepNameLength, out: true, always: true},
	abi.TMmsg:        {name: "Mmsg", show: showMmsg(false), out: true, always: true},
	abi.TOutMmsg:     {name: "OutMmsg", show: showMmsg(true), out: true},
	abi.TSockDomain:  {name: "SockDomain", show: enum(&sockDomains)},
	abi.TSockType:    {name: "SockType", show: showSockType},
	abi.TSockFlags:   {name: "SockFlags", show: flags(&sockFlags)},
	abi.TSockProto:   {name: "SockProto", show: showSockProto},
	abi.TSockLevel:   {name: "SockLevel", show: enum(&sockLevels)},
	abi.TSockOptName: {name: "SockOptName", show: showSockOptName},
	abi.TSocketCall:  {name: "SocketCall", show: showSocketCall},
	abi.TMsgFlags:    {name: "MsgFlags", show: flags(&msgFlags)},
	abi.TShutHow:     {name: "ShutHow", show: enum(&shutHows)},
}
