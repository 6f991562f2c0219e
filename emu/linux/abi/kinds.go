package abi

// kind is how a type of argument is printed.
type kind struct {
	name   string
	show   formatter
	out    bool                             // filled in by the kernel: printed after the call
	outIf  func(p *printer, a operand) bool // the same, depending on another argument
	before func(p *printer, a operand)      // keeps what an in-out argument holds
	always bool                             // printed in full even if the call failed
	wide   bool                             // two registers
}

var kinds [numTypes]kind

// init fills in the table, which refers to formatters that refer to the table (the
// rest of a timeout in a result).
func init() {
	for _, rows := range []map[Type]kind{
		kindsNumber, kindsString, kindsOut, kindsStruct, kindsFile, kindsMem, kindsProc, kindsWait, kindsNet,
	} {
		for t, k := range rows { // a table again
			kinds[t] = k
		}
	}
}

var kindsNumber = map[Type]kind{
	TSkip:           {name: "Skip", show: nothing},
	TInt:            {name: "Int", show: showInt},
	TUint:           {name: "Uint", show: showUint},
	TLong:           {name: "Long", show: showLong},
	TUlong:          {name: "Ulong", show: showUlong},
	TSize:           {name: "Size", show: showUlong},
	THex:            {name: "Hex", show: showHex},
	THexPair:        {name: "HexPair", show: showHex, wide: true},
	TPtr:            {name: "Ptr", show: showPtr},
	TID:             {name: "ID", show: showID},
	TID16:           {name: "ID16", show: showID16},
	TFD:             {name: "FD", show: showInt},
	TAtFD:           {name: "AtFD", show: showAtFD},
	TOffPair:        {name: "OffPair", show: showOffPair, wide: true},
	TOffHiLo:        {name: "OffHiLo", show: showOffHiLo, wide: true},
	TPageOff:        {name: "PageOff", show: showPageOff},
	TMode:           {name: "Mode", show: showMode},
	TModeIf:         {name: "ModeIf", show: showModeIf},
	TFileMode:       {name: "FileMode", show: showFileMode},
	TUmask:          {name: "Umask", show: showUmask},
	TDev:            {name: "Dev", show: showDev},
	TDevIf:          {name: "DevIf", show: showDevIf},
	TTime:           {name: "Time", show: outTime},
	TOldSigmask:     {name: "OldSigmask", show: showOldSigmask},
	TSigHandler:     {name: "SigHandler", show: showSigHandler},
	TSigframe:       {name: "Sigframe", show: showSigframe},
	TOldSigframe:    {name: "OldSigframe", show: showOldSigframe},
	TMremapAddr:     {name: "MremapAddr", show: showMremapAddr},
	TFcntlArg:       {name: "FcntlArg", show: showFcntlArg, outIf: fcntlFills},
	TIoctlArg:       {name: "IoctlArg", show: showIoctlArg, outIf: ioctlOut, always: true},
	TPrctlArg:       {name: "PrctlArg", show: showPrctlArg, outIf: prctlFills, always: true},
	TArchPrctlArg:   {name: "ArchPrctlArg", show: showArchPrctlArg, outIf: archPrctlFills},
	TFutexVal:       {name: "FutexVal", show: showFutexVal},
	TFutexTimeout:   {name: "FutexTimeout", show: showFutexTimeout(structure(showTimespec))},
	TFutexTimeout64: {name: "FutexTimeout64", show: showFutexTimeout(structure(showTimespec64))},
	TFutexAddr2:     {name: "FutexAddr2", show: showFutexAddr2},
	TFutexVal3:      {name: "FutexVal3", show: showFutexVal3},
	TMmapArgs:       {name: "MmapArgs", show: showPtr},
	TSelectArgs:     {name: "SelectArgs", show: showPtr},
	TSocketCallArgs: {name: "SocketCallArgs", show: showPtr},
}

func fcntlFills(p *printer, a operand) bool { return fcntlOut[uint32(p.value(a.by))] }

func prctlFills(p *printer, a operand) bool {
	return a.i == 1 && prctlOut[uint32(p.value(a.by))]
}

func archPrctlFills(p *printer, a operand) bool {
	op := uint32(p.value(a.by))
	return op == ARCH_GET_FS || op == ARCH_GET_GS
}

func cloneFills(p *printer, _ operand) bool {
	return p.cloneWants(CLONE_PARENT_SETTID | CLONE_PIDFD)
}

var kindsString = map[Type]kind{
	TPath:       {name: "Path", show: showPath},
	TStr:        {name: "Str", show: showStr},
	TBuf:        {name: "Buf", show: showBuf},
	THostname:   {name: "Hostname", show: showHostname},
	TStrArray:   {name: "StrArray", show: showStrArray},
	TEnv:        {name: "Env", show: showEnv},
	TXattr:      {name: "Xattr", show: showXattr},
	TIovec:      {name: "Iovec", show: showIovec},
	TIovecPtrs:  {name: "IovecPtrs", show: showIovecPtrs},
	TOutBuf:     {name: "OutBuf", show: showOutBuf, out: true},
	TOutHexBuf:  {name: "OutHexBuf", show: showOutHexBuf, out: true},
	TOutStr:     {name: "OutStr", show: showOutStr, out: true},
	TOutLink:    {name: "OutLink", show: showOutLink, out: true},
	TOutXattr:   {name: "OutXattr", show: showOutXattr, out: true},
	TOutIovec:   {name: "OutIovec", show: showOutIovec, out: true, always: true},
	TDirents:    {name: "Dirents", show: showDirents(nextDirent), out: true},
	TDirents64:  {name: "Dirents64", show: showDirents(nextDirent64), out: true},
	TOldDirent:  {name: "OldDirent", show: showPtr, out: true},
	TMsgbuf:     {name: "Msgbuf", show: showMsgbuf},
	TOutMsgbuf:  {name: "OutMsgbuf", show: showOutMsgbuf, out: true},
	TMincoreVec: {name: "MincoreVec", show: showMincoreVec, out: true},
}

var kindsOut = map[Type]kind{
	TOutInt:      {name: "OutInt", show: outInt, out: true},
	TOutID:       {name: "OutID", show: outID, out: true},
	TOutID16:     {name: "OutID16", show: outID16, out: true},
	TOutUlong:    {name: "OutUlong", show: outUlong, out: true},
	TOutPtr:      {name: "OutPtr", show: outPtr, out: true},
	TOutTime:     {name: "OutTime", show: outTime, out: true},
	TOutTimerID:  {name: "OutTimerID", show: outInt, out: true},
	TOutOff64:    {name: "OutOff64", show: outOff64, out: true},
	TFDPair:      {name: "FDPair", show: showFDPair, out: true},
	TOffPtr:      {name: "OffPtr", show: movedOffset(bytesWord), before: keepOffset(bytesWord), out: true, always: true},
	TOff64Ptr:    {name: "Off64Ptr", show: showOffset(bytes8)},
	TMovedOff64:  {name: "MovedOff64", show: movedOffset(bytes8), before: keepOffset(bytes8), out: true, always: true},
	TOutMpol:     {name: "OutMpol", show: number(bytes4, func(_ *printer, v uint64) string { return mpolModes.Format(v) }), out: true},
	TGroups:      {name: "Groups", show: showGroups(4, idText)},
	TGroups16:    {name: "Groups16", show: showGroups(2, id16Text)},
	TOutGroups:   {name: "OutGroups", show: showOutGroups(4, idText), out: true},
	TOutGroups16: {name: "OutGroups16", show: showOutGroups(2, id16Text), out: true},
}

var kindsStruct = map[Type]kind{
	TStat:    {name: "Stat", show: structure(showStat), out: true},
	TStat64:  {name: "Stat64", show: structure(func(p *printer, v *Stat64) string { return showStat(p, (*Stat)(v)) }), out: true},
	TOldStat: {name: "OldStat", show: structure(func(p *printer, v *OldStat) string { return showStat(p, (*Stat)(v)) }), out: true},
	TStatx:   {name: "Statx", show: structure(showStatx), out: true},
	TStatfs:  {name: "Statfs", show: structure(showStatfs), out: true},
	TStatfs64: {name: "Statfs64", show: structure(func(p *printer, v *Statfs64) string {
		return showStatfs(p, (*Statfs)(v))
	}), out: true},
	TUtsname:         {name: "Utsname", show: structure(showUtsname), out: true},
	TOldUtsname:      {name: "OldUtsname", show: structure(showOldUtsname), out: true},
	TOldOldUtsname:   {name: "OldOldUtsname", show: structure(showOldOldUtsname), out: true},
	TSysinfo:         {name: "Sysinfo", show: structure(showSysinfo), out: true},
	TTms:             {name: "Tms", show: structure(showTms), out: true},
	TUtimbuf:         {name: "Utimbuf", show: structure(showUtimbuf)},
	TRlimit:          {name: "Rlimit", show: structure(showRlimit)},
	TOutRlimit:       {name: "OutRlimit", show: structure(showRlimit), out: true},
	TRlimit64:        {name: "Rlimit64", show: structure(showRlimit64)},
	TOutRlimit64:     {name: "OutRlimit64", show: structure(showRlimit64), out: true},
	TOutRusage:       {name: "OutRusage", show: afterWait(structure(showRusage)), out: true},
	TWaitStatus:      {name: "WaitStatus", show: showWaitStatus, out: true},
	TTimespec:        {name: "Timespec", show: structure(showTimespec)},
	TOutTimespec:     {name: "OutTimespec", show: structure(showTimespec), out: true},
	TRemTimespec:     {name: "RemTimespec", show: restTime(structure(showTimespec)), out: true, always: true},
	TTimespecs:       {name: "Timespecs", show: showTimespecs},
	TTimespec64:      {name: "Timespec64", show: structure(showTimespec64)},
	TOutTimespec64:   {name: "OutTimespec64", show: structure(showTimespec64), out: true},
	TRemTimespec64:   {name: "RemTimespec64", show: restTime(structure(showTimespec64)), out: true, always: true},
	TTimespecs64:     {name: "Timespecs64", show: showTimespecs64},
	TTimeval:         {name: "Timeval", show: structure(showTimeval)},
	TOutTimeval:      {name: "OutTimeval", show: structure(showTimeval), out: true},
	TTimevals:        {name: "Timevals", show: showTimevals},
	TTimezone:        {name: "Timezone", show: structure(showTimezone)},
	TOutTimezone:     {name: "OutTimezone", show: structure(showTimezone), out: true},
	TItimerval:       {name: "Itimerval", show: structure(showItimerval)},
	TOutItimerval:    {name: "OutItimerval", show: structure(showItimerval), out: true},
	TItimerspec:      {name: "Itimerspec", show: structure(showItimerspec)},
	TOutItimerspec:   {name: "OutItimerspec", show: structure(showItimerspec), out: true},
	TItimerspec64:    {name: "Itimerspec64", show: structure(showItimerspec64)},
	TOutItimerspec64: {name: "OutItimerspec64", show: structure(showItimerspec64), out: true},
	TTimex:           {name: "Timex", show: structure(showTimex), out: true},
	TTimex64:         {name: "Timex64", show: structure(func(p *printer, v *Timex64) string { return showTimex(p, (*Timex)(v)) }), out: true},
	TSigset:          {name: "Sigset", show: showSigset},
	TOutSigset:       {name: "OutSigset", show: showSigset, out: true},
	TOldSigset:       {name: "OldSigset", show: showOldSigset},
	TOutOldSigset:    {name: "OutOldSigset", show: showOldSigset, out: true},
	TSelectMask:      {name: "SelectMask", show: showSelectMask},
	TSigaction:       {name: "Sigaction", show: structure(showSigaction)},
	TOutSigaction:    {name: "OutSigaction", show: structure(showSigaction), out: true},
	TOldSigaction:    {name: "OldSigaction", show: structure(showOldSigaction)},
	TOutOldSigaction: {name: "OutOldSigaction", show: structure(showOldSigaction), out: true},
	TSiginfo:         {name: "Siginfo", show: structure(showSiginfo)},
	TOutSiginfo:      {name: "OutSiginfo", show: structure(showSiginfo), out: true},
	TStack:           {name: "Stack", show: structure(showStack)},
	TOutStack:        {name: "OutStack", show: structure(showStack), out: true},
	TSigevent:        {name: "Sigevent", show: structure(showSigevent)},
	TSchedParam:      {name: "SchedParam", show: structure(showSchedParam)},
	TOutSchedParam:   {name: "OutSchedParam", show: structure(showSchedParam), out: true},
	TCPUSet:          {name: "CPUSet", show: showCPUSet},
	TOutCPUSet:       {name: "OutCPUSet", show: showOutCPUSet, out: true},
	TCapHeader:       {name: "CapHeader", show: structure(showCapHeader)},
	TCapData:         {name: "CapData", show: showCapData},
	TOutCapData:      {name: "OutCapData", show: showCapData, out: true},
	TUserDesc:        {name: "UserDesc", show: structure(showUserDesc)},
	TOutUserDesc:     {name: "OutUserDesc", show: structure(showUserDesc), out: true},
	TCloneArgs:       {name: "CloneArgs", show: showCloneArgsOut, out: true, always: true},
	TOpenHow:         {name: "OpenHow", show: structure(showOpenHow)},
	TMqAttr:          {name: "MqAttr", show: structure(showMqAttr)},
	TMqAttrIf:        {name: "MqAttrIf", show: showMqAttrIf},
	TOutMqAttr:       {name: "OutMqAttr", show: structure(showMqAttr), out: true},
	TSembufs:         {name: "Sembufs", show: showSembufs},
}

var kindsFile = map[Type]kind{
	TOpenFlags:      {name: "OpenFlags", show: showOpenFlags},
	TOpenBits:       {name: "OpenBits", show: flags(&openFlags)},
	TAccessMode:     {name: "AccessMode", show: flags(&accessModes)},
	TAccessFlags:    {name: "AccessFlags", show: flags(&accessFlags)},
	TAtFlags:        {name: "AtFlags", show: flags(&atFlags)},
	TUnlinkFlags:    {name: "UnlinkFlags", show: flags(&atFlags)},
	TStatxFlags:     {name: "StatxFlags", show: showStatxFlags},
	TStatxMask:      {name: "StatxMask", show: flags(&statxMasks)},
	TRenameFlags:    {name: "RenameFlags", show: flags(&renameFlags)},
	TWhence:         {name: "Whence", show: enum(&whences)},
	TFcntlCmd:       {name: "FcntlCmd", show: enum(&fcntlCmds)},
	TFlockOp:        {name: "FlockOp", show: flags(&flockOps)},
	TFallocMode:     {name: "FallocMode", show: flags(&fallocModes)},
	TFadvice:        {name: "Fadvice", show: enum(&fadvices)},
	TSpliceFlags:    {name: "SpliceFlags", show: flags(&spliceFlags)},
	TSyncRangeFlags: {name: "SyncRangeFlags", show: flags(&syncRangeFlags)},
	TRwFlags:        {name: "RwFlags", show: flags(&rwFlags)},
	TXattrFlags:     {name: "XattrFlags", show: flags(&xattrFlags)},
	TMountType:      {name: "MountType", show: showMountType},
	TMountData:      {name: "MountData", show: showMountData},
	TQuotaCmd:       {name: "QuotaCmd", show: showQuotaCmd},
	TMountFlags:     {name: "MountFlags", show: showMountFlags},
	TUmountFlags:    {name: "UmountFlags", show: flags(&umountFlags)},
	TInotifyMask:    {name: "InotifyMask", show: flags(&inotifyMasks)},
	TInotifyFlags:   {name: "InotifyFlags", show: flags(&inotifyFlags)},
	TIoctlCmd:       {name: "IoctlCmd", show: showIoctlCmd},
}

var kindsMem = map[Type]kind{
	TProt:          {name: "Prot", show: wordFlags(&prots)},
	TMapFlags:      {name: "MapFlags", show: showMapFlags},
	TMremapFlags:   {name: "MremapFlags", show: wordFlags(&mremapFlags)},
	TMsyncFlags:    {name: "MsyncFlags", show: flags(&msyncFlags)},
	TMadvice:       {name: "Madvice", show: enum(&madvices)},
	TMlockFlags:    {name: "MlockFlags", show: flags(&mlockFlags)},
	TMlockallFlags: {name: "MlockallFlags", show: flags(&mlockallFlags)},
	TNodeMask:      {name: "NodeMask", show: showNodeMask},
	TOutNodeMask:   {name: "OutNodeMask", show: showNodeMask, out: true},
	TMpolMode:      {name: "MpolMode", show: showMpolMode},
	TMemfdFlags:    {name: "MemfdFlags", show: showMemfdFlags},
	TIPCKey:        {name: "IPCKey", show: showIPCKey},
	TIPCFlags:      {name: "IPCFlags", show: showIPCFlags},
	TIPCCall:       {name: "IPCCall", show: showUint},
	TShmgetFlags:   {name: "ShmgetFlags", show: showShmgetFlags},
	TShmatFlags:    {name: "ShmatFlags", show: flags(&shmatFlags)},
	TShmctlCmd:     {name: "ShmctlCmd", show: enumIPC(&shmctlCmds)},
	TSemctlCmd:     {name: "SemctlCmd", show: enumIPC(&semctlCmds)},
	TSemun:         {name: "Semun", show: func(p *printer, a operand) string { return "[" + p.ptr(a.v) + "]" }},
	TMsgqFlags:     {name: "MsgqFlags", show: flags(&msgqFlags)},
	TMsgctlCmd:     {name: "MsgctlCmd", show: enumIPC(&msgctlCmds)},
}

var kindsProc = map[Type]kind{
	TCloneFlags:      {name: "CloneFlags", show: showCloneFlags},
	TCloneStack:      {name: "CloneStack", show: showCloneStack},
	TCloneParentTID:  {name: "CloneParentTID", show: showCloneParentTID, outIf: cloneFills, always: true},
	TCloneTLS:        {name: "CloneTLS", show: showCloneTLS},
	TCloneChildTID:   {name: "CloneChildTID", show: showCloneChildTID},
	TNsFlags:         {name: "NsFlags", show: flags(&nsFlags)},
	TModuleFlags:     {name: "ModuleFlags", show: flags(&moduleFlags)},
	TUnshareFlags:    {name: "UnshareFlags", show: wordFlags(&unshareFlags)},
	TWaitFlags:       {name: "WaitFlags", show: flags(&waitFlags)},
	TIDType:          {name: "IDType", show: enum(&idTypes)},
	TFutexOp:         {name: "FutexOp", show: showFutexOp},
	TRlimitRes:       {name: "RlimitRes", show: enum(&rlimitResources)},
	TRusageWho:       {name: "RusageWho", show: enum(&rusageWhos)},
	TPrioWhich:       {name: "PrioWhich", show: enum(&prioWhiches)},
	TIoprioWhich:     {name: "IoprioWhich", show: enum(&ioprioWhiches)},
	TSchedPolicy:     {name: "SchedPolicy", show: enum(&schedPolicies)},
	TPrctlOp:         {name: "PrctlOp", show: enum(&prctlOps)},
	TArchPrctlOp:     {name: "ArchPrctlOp", show: enum(&archPrctlOps)},
	TPersona:         {name: "Persona", show: showPersona},
	TPtraceReq:       {name: "PtraceReq", show: enum(&ptraceRequests)},
	TSyslogArg:       {name: "SyslogArg", show: showSyslogArg},
	TBpfCmd:          {name: "BpfCmd", show: enum(&bpfCmds)},
	TRestart:         {name: "Restart", show: showRestart},
	TRebootArg:       {name: "RebootArg", show: showRebootArg},
	TPtracePID:       {name: "PtracePID", show: showPtraceArg(0)},
	TPtraceAddr:      {name: "PtraceAddr", show: showPtraceArg(1)},
	TPtraceData:      {name: "PtraceData", show: showPtraceArg(2)},
	TSyslogType:      {name: "SyslogType", show: showSyslogType},
	TSeccompOp:       {name: "SeccompOp", show: enum(&seccompOps)},
	TSeccompFlags:    {name: "SeccompFlags", show: showSeccompFlags},
	TMembarrierCmd:   {name: "MembarrierCmd", show: enum(&membarrierCmds)},
	TRandomFlags:     {name: "RandomFlags", show: flags(&randomFlags)},
	TRseqFlags:       {name: "RseqFlags", show: showHex},
	TKcmpType:        {name: "KcmpType", show: enum(&kcmpTypes)},
	TKcmpIndex:       {name: "KcmpIndex", show: showKcmpIndex},
	TPidfdFlags:      {name: "PidfdFlags", show: flags(&pidfdFlags)},
	TCloseRangeFlags: {name: "CloseRangeFlags", show: flags(&closeRangeFlags)},
	TRebootMagic1:    {name: "RebootMagic1", show: enum(&rebootMagics1)},
	TRebootMagic2:    {name: "RebootMagic2", show: enum(&rebootMagics2)},
	TRebootCmd:       {name: "RebootCmd", show: enum(&rebootCmds)},
}

var kindsWait = map[Type]kind{
	TSignal:          {name: "Signal", show: showSignal},
	TSigHow:          {name: "SigHow", show: enum(&sigHows)},
	TSignalfdFlags:   {name: "SignalfdFlags", show: flags(&signalfdFlags)},
	TClock:           {name: "Clock", show: enum(&clocks)},
	TItimer:          {name: "Itimer", show: enum(&itimers)},
	TTimerFlags:      {name: "TimerFlags", show: flags(&timerFlags)},
	TTimerfdFlags:    {name: "TimerfdFlags", show: flags(&timerfdFlags)},
	TTimerfdSetFlags: {name: "TimerfdSetFlags", show: flags(&timerfdFlags)},
	TFDSet:           {name: "FDSet", show: showFDSet},
	TPollFDs:         {name: "PollFDs", show: showPollFDs},
	TEpollEvent:      {name: "EpollEvent", show: showEpollEvent},
	TEpollEvents:     {name: "EpollEvents", show: showEpollEvents, out: true},
	TEpollOp:         {name: "EpollOp", show: enum(&epollOps)},
	TEpollFlags:      {name: "EpollFlags", show: flags(&epollFlags)},
	TEventfdFlags:    {name: "EventfdFlags", show: flags(&eventfdFlags)},
}

var kindsNet = map[Type]kind{
	TSockaddr:    {name: "Sockaddr", show: showSockaddr},
	TOutSockaddr: {name: "OutSockaddr", show: showOutSockaddr, out: true},
	TSockLen:     {name: "SockLen", show: showSockLen, before: keepLength, out: true, always: true},
	TSockOpt:     {name: "SockOpt", show: showSockOpt},
	TOutSockOpt:  {name: "OutSockOpt", show: showOutSockOpt, out: true},
	TMsghdr:      {name: "Msghdr", show: structure(showMsghdr)},
	TOutMsghdr:   {name: "OutMsghdr", show: showOutMsghdr, before: keepNameLength, out: true, always: true},
	TMmsg:        {name: "Mmsg", show: showMmsg(false), out: true, always: true},
	TOutMmsg:     {name: "OutMmsg", show: showMmsg(true), out: true},
	TSockDomain:  {name: "SockDomain", show: enum(&sockDomains)},
	TSockType:    {name: "SockType", show: showSockType},
	TSockFlags:   {name: "SockFlags", show: flags(&sockFlags)},
	TSockProto:   {name: "SockProto", show: showSockProto},
	TSockLevel:   {name: "SockLevel", show: enum(&sockLevels)},
	TSockOptName: {name: "SockOptName", show: showSockOptName},
	TSocketCall:  {name: "SocketCall", show: showSocketCall},
	TMsgFlags:    {name: "MsgFlags", show: flags(&msgFlags)},
	TShutHow:     {name: "ShutHow", show: enum(&shutHows)},
}
