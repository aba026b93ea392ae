"""Eight legacy databases as Prisma makes them, full of invented rows, to practise a consolidation on."""
