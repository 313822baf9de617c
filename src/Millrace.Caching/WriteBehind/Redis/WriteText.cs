using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace Millrace.Caching.WriteBehind.Redis;

// What a hash's value looks like, as the scripts write it: decimal numbers, each with a colon behind it, then bytes.
//
//   pending   sequence:attempts:payload
//   dead      sequence:attempts:since:died:length:reason payload        (length bytes of reason; no blank between)
//
// Others can write to the server too, so everything is checked; what does not fit is an InvalidDataException that names the key.
internal static class WriteText
{
    private static readonly long LatestTime = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    public static PendingWrite ReadPending(string key, ReadOnlyMemory<byte> value, long since)
    {
        var rest = value;
        var sequence = Number(ref rest, long.MaxValue, key);
        var attempts = (int)Number(ref rest, int.MaxValue, key);
        return new PendingWrite(key, sequence, attempts, Time(since, key), rest);
    }

    public static DeadRecord ReadDead(string key, ReadOnlyMemory<byte> value)
    {
        var rest = value;
        var sequence = Number(ref rest, long.MaxValue, key);
        var attempts = (int)Number(ref rest, int.MaxValue, key);
        var since = Time(Number(ref rest, LatestTime, key), key);
        var diedAt = Time(Number(ref rest, LatestTime, key), key);
        var length = (int)Number(ref rest, 4 * WriteBehindStore.MaximumReasonLength, key);
        return length > rest.Length
            ? throw Invalid(key)
            : new DeadRecord(key, sequence, attempts, since, diedAt, Encoding.UTF8.GetString(rest.Span[..length]), rest[length..]);
    }

    private static DateTimeOffset Time(long milliseconds, string key) =>
        milliseconds >= 0 && milliseconds <= LatestTime ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds) : throw Invalid(key);

    private static long Number(ref ReadOnlyMemory<byte> rest, long most, string key)
    {
        if (!Utf8Parser.TryParse(rest.Span, out long number, out var digits) || number < 0 || number > most || digits >= rest.Length || rest.Span[digits] != (byte)':')
        {
            throw Invalid(key);
        }

        rest = rest[(digits + 1)..];
        return number;
    }

    private static InvalidDataException Invalid(string key) => new(
        $"Redis holds a pending or dead write of key '{key}' that Millrace did not write. Something else wrote to its hash: repair the field or remove it.");
}
