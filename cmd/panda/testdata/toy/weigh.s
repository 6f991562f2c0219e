; weigh(n, 10) is 11n for n from 3 to 1, and 66 all together
start:  set s0, 3
.again: mov p0, s0
        set p1, 10
        call weigh
        add s1, s1, v
        addi s0, s0, -1
        bne s0, z, .again
        adr t0, total
        st8 s1, [t0]
        set p0, 1
        adr p1, text
        set p2, 5
        sys write
        ld1 p0, [t0]
        sys exit_group
weigh:  addi sp, sp, -32
        st8 lr, [sp+24]
        st8 fp, [sp+16]
        addi fp, sp, 32
        st4 p0, [sp+8]
        call times
        ld4s t0, [sp+8]
        add v, v, t0
        ld8 fp, [sp+16]
        ld8 lr, [sp+24]
        addi sp, sp, 32
        ret
times:  mul v, p0, p1
        ret
        .data
text:   .ascii "done\n"
        .align 8
total:  .quad 0
