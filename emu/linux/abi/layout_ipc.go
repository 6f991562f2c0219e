package abi

// IPCPerm is struct ipc64_perm.
type IPCPerm struct {
	Key                  int32
	UID, GID, CUID, CGID uint32
	Mode                 uint32
	Seq                  uint16
}

func (v *IPCPerm) shape(c *codec) {
	u32(c, &v.Key)
	u32s(c, &v.UID, &v.GID, &v.CUID, &v.CGID, &v.Mode)
	u16(c, &v.Seq)
	c.pad(2)
	c.alignTo(c.Word)
	c.pad(2 * c.Word)
}

// ipcTime visits a time: a long, followed in 32-bit guests by its upper half.
func ipcTime(c *codec, p *int64) {
	if c.Word == 8 {
		u64(c, p)
		return
	}
	lo, hi := uint32(*p), uint32(*p>>32)
	u32s(c, &lo, &hi)
	*p = int64(hi)<<32 | int64(lo)
}

// ShmidDS is struct shmid64_ds.
type ShmidDS struct {
	Perm                IPCPerm
	Segsz               uint64
	Atime, Dtime, Ctime int64
	Cpid, Lpid          int32
	Nattch              uint64
}

func (v *ShmidDS) shape(c *codec) {
	v.Perm.shape(c)
	word(c, &v.Segsz)
	ipcTime(c, &v.Atime)
	ipcTime(c, &v.Dtime)
	ipcTime(c, &v.Ctime)
	u32s(c, &v.Cpid, &v.Lpid)
	word(c, &v.Nattch)
	c.pad(2 * c.Word)
}

// SemidDS is struct semid64_ds.
type SemidDS struct {
	Perm         IPCPerm
	Otime, Ctime int64
	Nsems        uint64
}

func (v *SemidDS) shape(c *codec) {
	v.Perm.shape(c)
	for _, t := range []*int64{&v.Otime, &v.Ctime} {
		ipcTime(c, t)
		if c.Word == 8 {
			c.pad(8)
		}
	}
	word(c, &v.Nsems)
	c.pad(2 * c.Word)
}

// MsqidDS is struct msqid64_ds.
type MsqidDS struct {
	Perm                 IPCPerm
	Stime, Rtime, Ctime  int64
	Cbytes, Qnum, Qbytes uint64
	Lspid, Lrpid         int32
}

func (v *MsqidDS) shape(c *codec) {
	v.Perm.shape(c)
	ipcTime(c, &v.Stime)
	ipcTime(c, &v.Rtime)
	ipcTime(c, &v.Ctime)
	words(c, &v.Cbytes, &v.Qnum, &v.Qbytes)
	u32s(c, &v.Lspid, &v.Lrpid)
	c.pad(2 * c.Word)
}

// Sembuf is struct sembuf.
type Sembuf struct {
	Num     uint16
	Op, Flg int16
}

func (v *Sembuf) shape(c *codec) {
	u16(c, &v.Num)
	u16(c, &v.Op)
	u16(c, &v.Flg)
}

// MqAttr is struct mq_attr.
type MqAttr struct{ Flags, Maxmsg, Msgsize, Curmsgs int64 }

func (v *MqAttr) shape(c *codec) {
	words(c, &v.Flags, &v.Maxmsg, &v.Msgsize, &v.Curmsgs)
	c.pad(4 * c.Word)
}
