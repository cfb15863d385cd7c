"""The contenders: each written as its users would write it, none of them hobbled."""
