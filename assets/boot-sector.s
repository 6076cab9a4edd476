# The boot sector of a demo's disk: what a virtual machine boots when it was given nothing else.
#
# It says on the screen and the serial port that it runs, and shows there what is typed on either, and
# that a diagnostic interrupt came. Ctrl-R restarts the machine; Ctrl-O, and a press of the power
# button, switch it off. Written for QEMU's q35 board; tools/boot-sector makes boot-sector.bin of it.

        .intel_syntax noprefix
        .code16
        .globl  start

        .equ    NMI, 4 * 2              # the interrupt's vector: offset, segment
        .equ    COM1, 0x3F8
        .equ    KEYBOARD, 0x64          # the keyboard controller's commands
        .equ    PM1_STATUS, 0x600       # ACPI 6.5 section 4.8.3: status, enable, control
        .equ    PM1_ENABLE, 0x602
        .equ    PM1_CONTROL, 0x604
        .equ    CTRL_O, 0x0F
        .equ    CTRL_R, 0x12

start:  jmp     0:begin                 # whichever way the firmware writes 0000:7C00
begin:  cli
        xor     ax, ax
        mov     ds, ax
        mov     ss, ax
        mov     sp, offset start
        mov     word ptr [NMI], offset noted
        mov     word ptr [NMI + 2], ax
        sti
        cld
        mov     dx, PM1_ENABLE
        mov     ax, 0x100               # the power button is noted
        out     dx, ax
        mov     dx, COM1 + 1
        xor     al, al                  # no interrupts
        out     dx, al
        mov     dx, COM1 + 3
        mov     al, 0x80                # the rate: 115,200
        out     dx, al
        mov     dx, COM1
        mov     ax, 1
        out     dx, ax
        mov     dx, COM1 + 3
        mov     al, 3                   # 8 bits, no parity
        out     dx, al
        mov     dx, COM1 + 4
        mov     al, 3                   # here we are: DTR, RTS
        out     dx, al

        mov     si, offset words
say:    lodsb
        test    al, al
        jz      next
        call    show
        jmp     say

next:   xor     al, al
        xchg    al, seen
        test    al, al                  # a diagnostic interrupt
        mov     si, offset alarm
        jnz     say
        mov     dx, PM1_STATUS
        in      ax, dx
        test    ah, 1                   # the power button
        jnz     off
        mov     ah, 1                   # is there a key?
        int     0x16
        jz      port
        xor     ah, ah                  # which?
        int     0x16
        jmp     typed
port:   mov     dx, COM1 + 5
        in      al, dx
        test    al, 1                   # is there a byte?
        jz      rest
        mov     dx, COM1
        in      al, dx
        jmp     typed
rest:   hlt                             # until a key or the next tick, 55 ms at most
        jmp     next

typed:  test    al, al                  # a key without a letter
        jz      next
        cmp     al, CTRL_O
        je      off
        cmp     al, CTRL_R
        je      again
        call    show
        cmp     al, 13
        jne     next
        mov     al, 10
        call    show
        jmp     next

noted:  mov     byte ptr cs:seen, 1     # whatever it came into
        iret

off:    mov     dx, PM1_CONTROL
        mov     ax, 0x2000              # sleep, of type 0, which is off on this board
        out     dx, ax
        jmp     stop
again:  mov     al, 0xFE                # pulse the reset line
        out     KEYBOARD, al
stop:   hlt
        jmp     stop

# Shows the letter in AL on the screen and the serial port; keeps AL and SI.
show:   mov     ah, 0x0E
        mov     bx, 7
        push    ax
        int     0x10
        mov     dx, COM1 + 5
        mov     cx, 0xFFFF              # nobody may be there to take it
wait:   in      al, dx
        test    al, 0x20
        loopz   wait
        pop     ax
        mov     dx, COM1
        out     dx, al
        ret

words:  .ascii  "\r\nOutband: this machine booted from its disk.\r\n"
        .ascii  "What you type stands here. Ctrl-R restarts it, Ctrl-O switches it off.\r\n\r\n"
        .byte   0
alarm:  .asciz  "\r\nA diagnostic interrupt came.\r\n"
seen:   .byte   0

        .org    start + 510
        .byte   0x55, 0xAA
