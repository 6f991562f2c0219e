package mc146818

import "time"

const (
	aDay = 24 * 3600 // seconds

	anyValue = 0xc0 // of an alarm byte: it fits all values
	pm       = 0x80 // of hours that are counted to 12
)

// decode is a number as register B says that numbers are written.
func (c *Clock) decode(v uint8) int {
	if c.ram[regB]&bBinary != 0 {
		return int(v)
	}
	return int(v>>4)*10 + int(v&15)
}

func (c *Clock) encode(n int) uint8 {
	if c.ram[regB]&bBinary != 0 {
		return uint8(n)
	}
	return uint8(n/10%10<<4 | n%10)
}

func (c *Clock) decodeHour(v uint8) int {
	if c.ram[regB]&bHours24 != 0 {
		return c.decode(v)
	}
	h := c.decode(v&^pm) % 12
	if v&pm != 0 {
		h += 12
	}
	return h
}

func (c *Clock) encodeHour(h int) uint8 {
	if c.ram[regB]&bHours24 != 0 {
		return c.encode(h)
	}
	v := c.encode((h+11)%12 + 1)
	if h >= 12 {
		v |= pm
	}
	return v
}

// setTime has the chip show a time, in Unix seconds, UTC.
func (c *Clock) setTime(unix int64) {
	t := time.Unix(unix, 0).UTC()
	c.ram[weekday] = c.encode(int(t.Weekday()) + 1)
	c.show(t)
}

// show sets all bytes of the time but the day of the week.
func (c *Clock) show(t time.Time) {
	c.ram[second], c.ram[minute], c.ram[hour] = c.encode(t.Second()), c.encode(t.Minute()), c.encodeHour(t.Hour())
	c.ram[day], c.ram[month], c.ram[year] = c.encode(t.Day()), c.encode(int(t.Month())), c.encode(t.Year()%100)
	c.ram[century] = c.encode(t.Year() / 100 % 100)
}

// time is the time that the bytes show.
func (c *Clock) time() time.Time {
	get := func(i int) int { return c.decode(c.ram[i]) }
	return time.Date(get(century)*100+get(year), time.Month(get(month)), get(day), c.decodeHour(c.ram[hour]), get(minute), get(second), 0, time.UTC)
}

// pass lets seconds pass. An alarm is looked for in the last of them only, which are as
// many as a day has.
func (c *Clock) pass(n uint64) {
	t := c.time()
	c.ram[regC] |= bUpdate
	if n > aDay {
		t = c.forward(t, n-aDay)
		n = aDay
	}
	if c.ram[regC]&bAlarm == 0 && c.rings(t, n) {
		c.ram[regC] |= bAlarm
	}
	c.show(c.forward(t, n))
}

// forward is a time some seconds later. The day of the week, which is whatever the guest
// has set, goes on with it.
func (c *Clock) forward(t time.Time, n uint64) time.Time {
	days := (n + uint64(t.Hour()*3600+t.Minute()*60+t.Second())) / aDay
	if days > 0 {
		c.ram[weekday] = c.encode(int((uint64(c.decode(c.ram[weekday])+6)+days)%7) + 1)
	}
	return time.Unix(t.Unix()+int64(n), 0).UTC()
}

// rings says whether the alarm fits one of the n seconds after a time.
func (c *Clock) rings(t time.Time, n uint64) bool {
	at := uint64(t.Hour()*3600 + t.Minute()*60 + t.Second())
	for i := at + 1; i <= at+n; i++ {
		s := int(i % aDay)
		if c.fits(secondAlarm, c.encode(s%60)) && c.fits(minuteAlarm, c.encode(s/60%60)) && c.fits(hourAlarm, c.encodeHour(s/3600)) {
			return true
		}
	}
	return false
}

func (c *Clock) fits(alarm int, v uint8) bool {
	return c.ram[alarm]&anyValue == anyValue || c.ram[alarm] == v
}
