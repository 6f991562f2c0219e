#!/bin/sh
# guests.sh DIR [FLAVOUR…]: puts kernels and programs of the machine's Debian release below
# DIR, for the tests of panda system: vmlinuz-FLAVOUR, busybox, and for 686 busybox-i386. The usual flavour is
# cloud-amd64; there are amd64, and on i386's lists 686 and 686-pae.
# It needs no rights and does not touch the machine's own packages: apt works on a state of
# its own, for which nothing is installed. What is there already stays.
set -eu

mkdir -p "$1"
dir=$(cd "$1" && pwd)
shift
[ $# -gt 0 ] || set -- cloud-amd64
work=$dir/.apt
trap 'rm -rf "$work"' EXIT

apt() {
	"$command" -qq -o Dir::State="$work/state" -o Dir::State::status="$work/status" -o Dir::Cache="$work/cache" \
		-o APT::Architecture="$arch" -o APT::Architectures="$arch" -o APT::Sandbox::User= "$@"
}

# lists ARCH: begins to work with the packages of an architecture.
lists() {
	arch=$1
	rm -rf "$work"
	mkdir -p "$work/state/lists/partial" "$work/cache/archives/partial" "$work/deb"
	: > "$work/status"
	command=apt-get apt update || echo "some lists are missing, going on with the others" >&2
}

# unpack PACKAGE FILE NAME: puts a file of a package at a name.
unpack() {
	(cd "$work/deb" && command=apt-get apt download "$1" >&2)
	dpkg-deb -x "$work"/deb/"$1"_*.deb "$work/x"
	cp "$work"/x/$2 "$dir/$3.part" && mv "$dir/$3.part" "$dir/$3"
	rm -rf "$work/x" "$work/deb"/*
}

# newest FLAVOUR: the newest kernel of the release that is signed, or has no signature at all.
newest() {
	command=apt-cache apt pkgnames linux-image- | grep -E "^linux-image-[0-9.]+-[0-9]+-$1$" | sort -V | tail -1
}

for flavour; do
	[ ! -e "$dir/vmlinuz-$flavour" ] || continue
	case $flavour in 686*) want=i386 ;; *) want=amd64 ;; esac
	[ "${arch:-}" = $want ] || lists $want
	unpack "$(newest "$flavour")" 'boot/vmlinuz-*' "vmlinuz-$flavour"
done
case " $* " in *" 686"*)
	if [ ! -e "$dir/busybox-i386" ]; then
		[ "${arch:-}" = i386 ] || lists i386
		unpack busybox-static bin/busybox busybox-i386
	fi
	;;
esac
if [ ! -e "$dir/busybox" ]; then
	[ "${arch:-}" = amd64 ] || lists amd64
	unpack busybox-static bin/busybox busybox
fi
echo "$dir"
