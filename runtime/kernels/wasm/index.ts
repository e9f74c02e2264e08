// Every exported function of these files is a kernel; what they share lives in files that are not listed here.
