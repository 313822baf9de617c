using System.Runtime.InteropServices;

namespace Millrace.Caching.WriteBehind.Sql;

/// <summary>What an operation changes in its partition's counts.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct CountChange(long Pending, long Bytes, long Dead)
{
    public static CountChange operator +(CountChange a, CountChange b) => new(a.Pending + b.Pending, a.Bytes + b.Bytes, a.Dead + b.Dead);
}
