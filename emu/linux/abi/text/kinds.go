package text

import (
	"panda/emu/linux/abi"
)

// kind is how a type of argument is printed.
type kind struct {
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
	abi.TSkip:           {show: nothing},
	abi.TInt:            {show: showInt},
	abi.TUint:           {show: showUint},
	abi.TLong:           {show: showLong},
	abi.TUlong:          {show: showUlong},
	abi.TSize:           {show: showUlong},
	abi.THex:            {show: showHex},
	abi.THexPair:        {show: showHex},
	abi.TPtr:            {show: showPtr},
	abi.TID:             {show: showID},
	abi.TID16:           {show: showID16},
	abi.TFD:             {show: showInt},
	abi.TAtFD:           {show: showAtFD},
	abi.TOffPair:        {show: showOffPair},
	abi.TOffHiLo:        {show: showOffHiLo},
	abi.TPageOff:        {show: showPageOff},
	abi.TMode:           {show: showMode},
	abi.TModeIf:         {show: showModeIf},
	abi.TFileMode:       {show: showFileMode},
	abi.TUmask:          {show: showUmask},
	abi.TDev:            {show: showDev},
	abi.TDevIf:          {show: showDevIf},
	abi.TTime:           {show: outTime},
	abi.TOldSigmask:     {show: showOldSigmask},
	abi.TSigHandler:     {show: showSigHandler},
	abi.TSigframe:       {show: showSigframe},
	abi.TOldSigframe:    {show: showOldSigframe},
	abi.TMremapAddr:     {show: showMremapAddr},
	abi.TFcntlArg:       {show: showFcntlArg, outIf: fcntlFills},
	abi.TIoctlArg:       {show: showIoctlArg, outIf: ioctlOut, always: true},
	abi.TPrctlArg:       {show: showPrctlArg, outIf: prctlFills, always: true},
	abi.TArchPrctlArg:   {show: showArchPrctlArg, outIf: archPrctlFills},
	abi.TFutexVal:       {show: showFutexVal},
	abi.TFutexTimeout:   {show: showFutexTimeout(structure(showTimespec))},
	abi.TFutexTimeout64: {show: showFutexTimeout(structure(showTimespec64))},
	abi.TFutexAddr2:     {show: showFutexAddr2},
	abi.TFutexVal3:      {show: showFutexVal3},
	abi.TMmapArgs:       {show: showPtr},
	abi.TSelectArgs:     {show: showPtr},
	abi.TSocketCallArgs: {show: showPtr},
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
	abi.TPath:       {show: showPath},
	abi.TStr:        {show: showStr},
	abi.TBuf:        {show: showBuf},
	abi.THostname:   {show: showHostname},
	abi.TStrArray:   {show: showStrArray},
	abi.TEnv:        {show: showEnv},
	abi.TXattr:      {show: showXattr},
	abi.TIovec:      {show: showIovec},
	abi.TIovecPtrs:  {show: showIovecPtrs},
	abi.TOutBuf:     {show: showOutBuf, out: true},
	abi.TOutHexBuf:  {show: showOutHexBuf, out: true},
	abi.TOutStr:     {show: showOutStr, out: true},
	abi.TOutLink:    {show: showOutLink, out: true},
	abi.TOutXattr:   {show: showOutXattr, out: true},
	abi.TOutIovec:   {show: showOutIovec, out: true, always: true},
	abi.TDirents:    {show: showDirents(nextDirent), out: true},
	abi.TDirents64:  {show: showDirents(nextDirent64), out: true},
	abi.TOldDirent:  {show: showPtr, out: true},
	abi.TMsgbuf:     {show: showMsgbuf},
	abi.TOutMsgbuf:  {show: showOutMsgbuf, out: true},
	abi.TMincoreVec: {show: showMincoreVec, out: true},
}

var kindsOut = map[abi.Type]kind{
	abi.TOutInt:      {show: outInt, out: true},
	abi.TOutID:       {show: outID, out: true},
	abi.TOutID16:     {show: outID16, out: true},
	abi.TOutUlong:    {show: outUlong, out: true},
	abi.TOutPtr:      {show: outPtr, out: true},
	abi.TOutTime:     {show: outTime, out: true},
	abi.TOutTimerID:  {show: outInt, out: true},
	abi.TOutOff64:    {show: outOff64, out: true},
	abi.TFDPair:      {show: showFDPair, out: true},
	abi.TOffPtr:      {show: movedOffset(bytesWord), before: keepOffset(bytesWord), out: true, always: true},
	abi.TOff64Ptr:    {show: showOffset(bytes8)},
	abi.TMovedOff64:  {show: movedOffset(bytes8), before: keepOffset(bytes8), out: true, always: true},
	abi.TOutMpol:     {show: number(bytes4, func(_ *printer, v uint64) string { return mpolModes.Format(v) }), out: true},
	abi.TGroups:      {show: showGroups(4, idText)},
	abi.TGroups16:    {show: showGroups(2, id16Text)},
	abi.TOutGroups:   {show: showOutGroups(4, idText), out: true},
	abi.TOutGroups16: {show: showOutGroups(2, id16Text), out: true},
}

var kindsStruct = map[abi.Type]kind{
	abi.TStat:    {show: structure(showStat), out: true},
	abi.TStat64:  {show: structure(func(p *printer, v *abi.Stat64) string { return showStat(p, (*abi.Stat)(v)) }), out: true},
	abi.TOldStat: {show: structure(func(p *printer, v *abi.OldStat) string { return showStat(p, (*abi.Stat)(v)) }), out: true},
	abi.TStatx:   {show: structure(showStatx), out: true},
	abi.TStatfs:  {show: structure(showStatfs), out: true},
	abi.TStatfs64: {show: structure(func(p *printer, v *abi.Statfs64) string {
		return showStatfs(p, (*abi.Statfs)(v))
	}), out: true},
	abi.TUtsname:         {show: structure(showUtsname), out: true},
	abi.TOldUtsname:      {show: structure(showOldUtsname), out: true},
	abi.TOldOldUtsname:   {show: structure(showOldOldUtsname), out: true},
	abi.TSysinfo:         {show: structure(showSysinfo), out: true},
	abi.TTms:             {show: structure(showTms), out: true},
	abi.TUtimbuf:         {show: structure(showUtimbuf)},
	abi.TRlimit:          {show: structure(showRlimit)},
	abi.TOutRlimit:       {show: structure(showRlimit), out: true},
	abi.TRlimit64:        {show: structure(showRlimit64)},
	abi.TOutRlimit64:     {show: structure(showRlimit64), out: true},
	abi.TOutRusage:       {show: afterWait(structure(showRusage)), out: true},
	abi.TWaitStatus:      {show: showWaitStatus, out: true},
	abi.TTimespec:        {show: structure(showTimespec)},
	abi.TOutTimespec:     {show: structure(showTimespec), out: true},
	abi.TRemTimespec:     {show: restTime(structure(showTimespec)), out: true, always: true},
	abi.TTimespecs:       {show: showTimespecs},
	abi.TTimespec64:      {show: structure(showTimespec64)},
	abi.TOutTimespec64:   {show: structure(showTimespec64), out: true},
	abi.TRemTimespec64:   {show: restTime(structure(showTimespec64)), out: true, always: true},
	abi.TTimespecs64:     {show: showTimespecs64},
	abi.TTimeval:         {show: structure(showTimeval)},
	abi.TOutTimeval:      {show: structure(showTimeval), out: true},
	abi.TTimevals:        {show: showTimevals},
	abi.TTimezone:        {show: structure(showTimezone)},
	abi.TOutTimezone:     {show: structure(showTimezone), out: true},
	abi.TItimerval:       {show: structure(showItimerval)},
	abi.TOutItimerval:    {show: structure(showItimerval), out: true},
	abi.TItimerspec:      {show: structure(showItimerspec)},
	abi.TOutItimerspec:   {show: structure(showItimerspec), out: true},
	abi.TItimerspec64:    {show: structure(showItimerspec64)},
	abi.TOutItimerspec64: {show: structure(showItimerspec64), out: true},
	abi.TTimex:           {show: structure(showTimex), out: true},
	abi.TTimex64:         {show: structure(func(p *printer, v *abi.Timex64) string { return showTimex(p, (*abi.Timex)(v)) }), out: true},
	abi.TSigset:          {show: showSigset},
	abi.TOutSigset:       {show: showSigset, out: true},
	abi.TOldSigset:       {show: showOldSigset},
	abi.TOutOldSigset:    {show: showOldSigset, out: true},
	abi.TSelectMask:      {show: showSelectMask},
	abi.TSigaction:       {show: structure(showSigaction)},
	abi.TOutSigaction:    {show: structure(showSigaction), out: true},
	abi.TOldSigaction:    {show: structure(showOldSigaction)},
	abi.TOutOldSigaction: {show: structure(showOldSigaction), out: true},
	abi.TSiginfo:         {show: structure(showSiginfo)},
	abi.TOutSiginfo:      {show: structure(showSiginfo), out: true},
	abi.TStack:           {show: structure(showStack)},
	abi.TOutStack:        {show: structure(showStack), out: true},
	abi.TSigevent:        {show: structure(showSigevent)},
	abi.TSchedParam:      {show: structure(showSchedParam)},
	abi.TOutSchedParam:   {show: structure(showSchedParam), out: true},
	abi.TCPUSet:          {show: showCPUSet},
	abi.TOutCPUSet:       {show: showOutCPUSet, out: true},
	abi.TCapHeader:       {show: structure(showCapHeader)},
	abi.TCapData:         {show: showCapData},
	abi.TOutCapData:      {show: showCapData, out: true},
	abi.TUserDesc:        {show: structure(showUserDesc)},
	abi.TOutUserDesc:     {show: structure(showUserDesc), out: true},
	abi.TCloneArgs:       {show: showCloneArgsOut, out: true, always: true},
	abi.TOpenHow:         {show: structure(showOpenHow)},
	abi.TMqAttr:          {show: structure(showMqAttr)},
	abi.TMqAttrIf:        {show: showMqAttrIf},
	abi.TOutMqAttr:       {show: structure(showMqAttr), out: true},
	abi.TSembufs:         {show: showSembufs},
}

var kindsFile = map[abi.Type]kind{
	abi.TOpenFlags:      {show: showOpenFlags},
	abi.TOpenBits:       {show: flags(&openFlags)},
	abi.TAccessMode:     {show: flags(&accessModes)},
	abi.TAccessFlags:    {show: flags(&accessFlags)},
	abi.TAtFlags:        {show: flags(&atFlags)},
	abi.TUnlinkFlags:    {show: flags(&atFlags)},
	abi.TStatxFlags:     {show: showStatxFlags},
	abi.TStatxMask:      {show: flags(&statxMasks)},
	abi.TRenameFlags:    {show: flags(&renameFlags)},
	abi.TWhence:         {show: enum(&whences)},
	abi.TFcntlCmd:       {show: enum(&fcntlCmds)},
	abi.TFlockOp:        {show: flags(&flockOps)},
	abi.TFallocMode:     {show: flags(&fallocModes)},
	abi.TFadvice:        {show: enum(&fadvices)},
	abi.TSpliceFlags:    {show: flags(&spliceFlags)},
	abi.TSyncRangeFlags: {show: flags(&syncRangeFlags)},
	abi.TRwFlags:        {show: flags(&rwFlags)},
	abi.TXattrFlags:     {show: flags(&xattrFlags)},
	abi.TMountType:      {show: showMountType},
	abi.TMountData:      {show: showMountData},
	abi.TQuotaCmd:       {show: showQuotaCmd},
	abi.TMountFlags:     {show: showMountFlags},
	abi.TUmountFlags:    {show: flags(&umountFlags)},
	abi.TInotifyMask:    {show: flags(&inotifyMasks)},
	abi.TInotifyFlags:   {show: flags(&inotifyFlags)},
	abi.TIoctlCmd:       {show: showIoctlCmd},
}

var kindsMem = map[abi.Type]kind{
	abi.TProt:          {show: wordFlags(&prots)},
	abi.TMapFlags:      {show: showMapFlags},
	abi.TMremapFlags:   {show: wordFlags(&mremapFlags)},
	abi.TMsyncFlags:    {show: flags(&msyncFlags)},
	abi.TMadvice:       {show: enum(&madvices)},
	abi.TMlockFlags:    {show: flags(&mlockFlags)},
	abi.TMlockallFlags: {show: flags(&mlockallFlags)},
	abi.TNodeMask:      {show: showNodeMask},
	abi.TOutNodeMask:   {show: showNodeMask, out: true},
	abi.TMpolMode:      {show: showMpolMode},
	abi.TMemfdFlags:    {show: showMemfdFlags},
	abi.TIPCKey:        {show: showIPCKey},
	abi.TIPCFlags:      {show: showIPCFlags},
	abi.TIPCCall:       {show: showUint},
	abi.TShmgetFlags:   {show: showShmgetFlags},
	abi.TShmatFlags:    {show: flags(&shmatFlags)},
	abi.TShmctlCmd:     {show: enumIPC(&shmctlCmds)},
	abi.TSemctlCmd:     {show: enumIPC(&semctlCmds)},
	abi.TSemun:         {show: func(p *printer, a operand) string { return "[" + p.ptr(a.v) + "]" }},
	abi.TMsgqFlags:     {show: flags(&msgqFlags)},
	abi.TMsgctlCmd:     {show: enumIPC(&msgctlCmds)},
}

var kindsProc = map[abi.Type]kind{
	abi.TCloneFlags:      {show: showCloneFlags},
	abi.TCloneStack:      {show: showCloneStack},
	abi.TCloneParentTID:  {show: showCloneParentTID, outIf: cloneFills, always: true},
	abi.TCloneTLS:        {show: showCloneTLS},
	abi.TCloneChildTID:   {show: showCloneChildTID},
	abi.TNsFlags:         {show: flags(&nsFlags)},
	abi.TModuleFlags:     {show: flags(&moduleFlags)},
	abi.TUnshareFlags:    {show: wordFlags(&unshareFlags)},
	abi.TWaitFlags:       {show: flags(&waitFlags)},
	abi.TIDType:          {show: enum(&idTypes)},
	abi.TFutexOp:         {show: showFutexOp},
	abi.TRlimitRes:       {show: enum(&rlimitResources)},
	abi.TRusageWho:       {show: enum(&rusageWhos)},
	abi.TPrioWhich:       {show: enum(&prioWhiches)},
	abi.TIoprioWhich:     {show: enum(&ioprioWhiches)},
	abi.TSchedPolicy:     {show: enum(&schedPolicies)},
	abi.TPrctlOp:         {show: enum(&prctlOps)},
	abi.TArchPrctlOp:     {show: enum(&archPrctlOps)},
	abi.TPersona:         {show: showPersona},
	abi.TPtraceReq:       {show: enum(&ptraceRequests)},
	abi.TSyslogArg:       {show: showSyslogArg},
	abi.TBpfCmd:          {show: enum(&bpfCmds)},
	abi.TRestart:         {show: showRestart},
	abi.TRebootArg:       {show: showRebootArg},
	abi.TPtracePID:       {show: showPtraceArg(0)},
	abi.TPtraceAddr:      {show: showPtraceArg(1)},
	abi.TPtraceData:      {show: showPtraceArg(2)},
	abi.TSyslogType:      {show: showSyslogType},
	abi.TSeccompOp:       {show: enum(&seccompOps)},
	abi.TSeccompFlags:    {show: showSeccompFlags},
	abi.TMembarrierCmd:   {show: enum(&membarrierCmds)},
	abi.TRandomFlags:     {show: flags(&randomFlags)},
	abi.TRseqFlags:       {show: showHex},
	abi.TKcmpType:        {show: enum(&kcmpTypes)},
	abi.TKcmpIndex:       {show: showKcmpIndex},
	abi.TPidfdFlags:      {show: flags(&pidfdFlags)},
	abi.TCloseRangeFlags: {show: flags(&closeRangeFlags)},
	abi.TRebootMagic1:    {show: enum(&rebootMagics1)},
	abi.TRebootMagic2:    {show: enum(&rebootMagics2)},
	abi.TRebootCmd:       {show: enum(&rebootCmds)},
}

var kindsWait = map[abi.Type]kind{
	abi.TSignal:          {show: showSignal},
	abi.TSigHow:          {show: enum(&sigHows)},
	abi.TSignalfdFlags:   {show: flags(&signalfdFlags)},
	abi.TClock:           {show: enum(&clocks)},
	abi.TItimer:          {show: enum(&itimers)},
	abi.TTimerFlags:      {show: flags(&timerFlags)},
	abi.TTimerfdFlags:    {show: flags(&timerfdFlags)},
	abi.TTimerfdSetFlags: {show: flags(&timerfdFlags)},
	abi.TFDSet:           {show: showFDSet},
	abi.TPollFDs:         {show: showPollFDs},
	abi.TEpollEvent:      {show: showEpollEvent},
	abi.TEpollEvents:     {show: showEpollEvents, out: true},
	abi.TEpollOp:         {show: enum(&epollOps)},
	abi.TEpollFlags:      {show: flags(&epollFlags)},
	abi.TEventfdFlags:    {show: flags(&eventfdFlags)},
}

var kindsNet = map[abi.Type]kind{
	abi.TSockaddr:    {show: showSockaddr},
	abi.TOutSockaddr: {show: showOutSockaddr, out: true},
	abi.TSockLen:     {show: showSockLen, before: keepLength, out: true, always: true},
	abi.TSockOpt:     {show: showSockOpt},
	abi.TOutSockOpt:  {show: showOutSockOpt, out: true},
	abi.TMsghdr:      {show: structure(showMsghdr)},
	abi.TOutMsghdr:   {show: showOutMsghdr, before: keepNameLength, out: true, always: true},
	abi.TMmsg:        {show: showMmsg(false), out: true, always: true},
	abi.TOutMmsg:     {show: showMmsg(true), out: true},
	abi.TSockDomain:  {show: enum(&sockDomains)},
	abi.TSockType:    {show: showSockType},
	abi.TSockFlags:   {show: flags(&sockFlags)},
	abi.TSockProto:   {show: showSockProto},
	abi.TSockLevel:   {show: enum(&sockLevels)},
	abi.TSockOptName: {show: showSockOptName},
	abi.TSocketCall:  {show: showSocketCall},
	abi.TMsgFlags:    {show: flags(&msgFlags)},
	abi.TShutHow:     {show: enum(&shutHows)},
}
