#!/bin/sh
# i386root.sh DIR: unpacks i386 programs of the machine's Debian release below DIR.
# It needs no rights and does not touch the machine's own packages: apt works on a
# state of its own, for which nothing is installed.
set -eu

programs="busybox bash coreutils python3"

if [ -e "$1" ]; then
	echo "$1 is there already" >&2
	exit 1
fi
mkdir -p "$1"
root=$(cd "$1" && pwd)
work=$root/.apt
mkdir -p "$work/state/lists/partial" "$work/cache/archives/partial"
: > "$work/status"

apt() {
	apt-get -qq -o Dir::State="$work/state" -o Dir::State::status="$work/status" -o Dir::Cache="$work/cache" \
		-o APT::Architecture=i386 -o APT::Architectures=i386 -o APT::Sandbox::User= "$@"
}

apt update || echo "some lists are missing, going on with the others" >&2
# shellcheck disable=SC2086
apt install --yes --no-install-recommends --download-only $programs > "$work/log" || { cat "$work/log" >&2; exit 1; }
for deb in "$work"/cache/archives/*.deb; do
	dpkg-deb -x "$deb" "$root"
done
rm -r "$work"
for dir in bin sbin lib; do # as the release has it: /bin is /usr/bin
	mkdir -p "$root/usr/$dir"
	cp -a "$root/$dir/." "$root/usr/$dir/"
	rm -r "${root:?}/$dir"
	ln -s "usr/$dir" "$root/$dir"
done
# Python compiles its library once, if the machine runs i386 programs.
"$root/lib/ld-linux.so.2" --library-path "$root/lib/i386-linux-gnu" "$root/usr/bin/env" PYTHONHOME="$root/usr" \
	"$root/lib/ld-linux.so.2" --library-path "$root/lib/i386-linux-gnu" "$root/usr/bin/python3" -m compileall -q "$root/usr/lib/python3."* || true
echo "$root"
