using System.Data.Common;
using System.Runtime.InteropServices;

namespace Millrace.Caching.WriteBehind.Sql;

/// <summary>One row as the database gave it: every value is checked, because others can write to the database too.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly struct WriteRow(DbDataReader reader)
{
    private static readonly long LatestTime = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    public long Number(int column) => reader.GetValue(column) is long value and >= 0 ? value : throw Invalid(column);

    public int Integer(int column) => Number(column) is var number and <= int.MaxValue ? (int)number : throw Invalid(column);

    public string Text(int column) => reader.GetValue(column) as string ?? throw Invalid(column);

    public ReadOnlyMemory<byte> Bytes(int column) => reader.GetValue(column) as byte[] ?? throw Invalid(column);

    public DateTimeOffset Time(int column) =>
        Number(column) is var number && number <= LatestTime ? DateTimeOffset.FromUnixTimeMilliseconds(number) : throw Invalid(column);

    private InvalidDataException Invalid(int column) => new(
        $"The database holds a pending or dead write that is not valid: {reader.GetName(0)} '{reader.GetValue(0)}', column '{reader.GetName(column)}' has a "
        + "value of the wrong type or range. Something else wrote to it, or the file is damaged: repair the row or remove it.");
}
