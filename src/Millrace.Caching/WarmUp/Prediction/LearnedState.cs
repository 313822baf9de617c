using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Millrace.Caching.WarmUp.Prediction;

// What a learner knows, as bytes. All numbers little-endian:
//
//   8  "MLRLEARN"
//   4  version, 1
//   8  hour in which it was saved, since 1970
//   4  number of that hour among those observed
//   4  number of weights, 6, then as many doubles: the weights; then as many: AdaGrad's sums
//   4  number of keys, then for each:
//        4  length of the key in UTF-8, then its bytes
//        4 + 4  frequency, recent frequency (floats)
//        4 + 4 + 4  first hour, last hour before the current one, last hour
//        24 x 2  profile of the day (halves)
//        7 x 4   profile of the week (floats)
//   32 SHA-256 of all that
//
// Another version is refused, not guessed at. Every length and number is checked before it is used: a file is input like any other.
internal sealed class LearnedState
{
    public const int LargestBytes = 512 * 1024 * 1024;

    private const int Version = 1;
    private const int HoursOfDay = 24;
    private const int DaysOfWeek = 7;
    private const int MostKeys = 262_144;
    private const int LongestKeyBytes = KeyLearner.LongestKey * 3;
    private const int LastHour = 50_000_000; // of observed ones and since 1970: in the year 7673
    private const int RecordBytes = 20 + (2 * HoursOfDay) + (4 * DaysOfWeek);

    private readonly List<(string Key, KeyRecord Record, Half[] Hours, float[] Days)> _keys = [];
    private readonly double[] _weights = new double[KeyFeatures.Count];
    private readonly double[] _squares = new double[KeyFeatures.Count];
    private long _hour;
    private int _observed;

    private LearnedState()
    {
    }

    private static ReadOnlySpan<byte> Magic => "MLRLEARN"u8;

    /// <summary>The bytes for what a learner knows now.</summary>
    public static ReadOnlyMemory<byte> Of(KeyLearner learner)
    {
        var writer = new ArrayBufferWriter<byte>(4096);
        writer.Write(Magic);
        Put(writer, Version);
        BinaryPrimitives.WriteInt64LittleEndian(writer.GetSpan(8), learner.Hour);
        writer.Advance(8);
        Put(writer, learner.Observed);
        Put(writer, KeyFeatures.Count);
        Put(writer, learner.Model.Weights);
        Put(writer, learner.Model.Squares);
        Put(writer, learner.Count);
        foreach (var (key, record, hours, days) in learner.Records())
        {
            var length = Encoding.UTF8.GetByteCount(key);
            Put(writer, length);
            Encoding.UTF8.GetBytes(key, writer.GetSpan(length));
            writer.Advance(length);
            PutRecord(writer, record, hours.Span, days.Span);
        }

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(writer.WrittenSpan, hash);
        writer.Write(hash);
        return writer.WrittenMemory;
    }

    /// <summary>Null where the bytes are not what <see cref="Of"/> writes; then <paramref name="fault"/> says what is wrong.</summary>
    public static LearnedState? TryRead(ReadOnlySpan<byte> bytes, out string? fault)
    {
        if (bytes.Length < SHA256.HashSizeInBytes || !bytes.StartsWith(Magic))
        {
            fault = "it is something else";
            return null;
        }

        var content = bytes[..^SHA256.HashSizeInBytes];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(content, hash);
        if (!hash.SequenceEqual(bytes[content.Length..]))
        {
            fault = "its check sum is wrong";
            return null;
        }

        var state = new LearnedState();
        fault = state.Fill(content[Magic.Length..]);
        return fault is null ? state : null;
    }

    /// <summary>Gives it to a learner that knows nothing yet.</summary>
    /// <returns>How many keys the learner knows then; 0 when it knew something already.</returns>
    public int RestoreTo(KeyLearner learner, Func<string, bool> isWanted)
    {
        if (learner.Count > 0 || !learner.Model.TryRestore(_weights, _squares))
        {
            return 0;
        }

        learner.Restore(_hour, _observed, _keys.Where(row => isWanted(row.Key)));
        return learner.Count;
    }

    private static void Put(ArrayBufferWriter<byte> writer, int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(writer.GetSpan(4), value);
        writer.Advance(4);
    }

    private static void Put(ArrayBufferWriter<byte> writer, ReadOnlySpan<double> values)
    {
        foreach (var value in values)
        {
            BinaryPrimitives.WriteDoubleLittleEndian(writer.GetSpan(8), value);
            writer.Advance(8);
        }
    }

    private static void PutRecord(ArrayBufferWriter<byte> writer, in KeyRecord record, ReadOnlySpan<Half> hours, ReadOnlySpan<float> days)
    {
        var span = writer.GetSpan(RecordBytes);
        BinaryPrimitives.WriteSingleLittleEndian(span, record.Slow);
        BinaryPrimitives.WriteSingleLittleEndian(span[4..], record.Fast);
        BinaryPrimitives.WriteInt32LittleEndian(span[8..], record.First);
        BinaryPrimitives.WriteInt32LittleEndian(span[12..], record.Last);
        BinaryPrimitives.WriteInt32LittleEndian(span[16..], record.Seen);
        for (var i = 0; i < HoursOfDay; i++)
        {
            BinaryPrimitives.WriteHalfLittleEndian(span[(20 + (2 * i))..], hours[i]);
        }

        for (var i = 0; i < DaysOfWeek; i++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(span[(20 + (2 * HoursOfDay) + (4 * i))..], days[i]);
        }

        writer.Advance(RecordBytes);
    }

    private string? Fill(ReadOnlySpan<byte> content)
    {
        const int Head = 4 + 8 + 4 + 4;
        if (content.Length < Head + 4 + (16 * KeyFeatures.Count))
        {
            return "it is too short";
        }

        if (BinaryPrimitives.ReadInt32LittleEndian(content) is var version and not Version)
        {
            return $"it has version {version}, this is {Version}";
        }

        _hour = BinaryPrimitives.ReadInt64LittleEndian(content[4..]);
        _observed = BinaryPrimitives.ReadInt32LittleEndian(content[12..]);
        if (_hour is < 0 or > LastHour || _observed is < 1 or > LastHour || BinaryPrimitives.ReadInt32LittleEndian(content[16..]) != KeyFeatures.Count)
        {
            return "its head cannot be right";
        }

        content = content[Head..];
        for (var i = 0; i < KeyFeatures.Count; i++)
        {
            _weights[i] = BinaryPrimitives.ReadDoubleLittleEndian(content[(8 * i)..]);
            _squares[i] = BinaryPrimitives.ReadDoubleLittleEndian(content[(8 * (i + KeyFeatures.Count))..]);
        }

        content = content[(16 * KeyFeatures.Count)..];
        var count = BinaryPrimitives.ReadInt32LittleEndian(content);
        return count is < 0 or > MostKeys ? "it has too many keys" : FillKeys(content[4..], count);
    }

    private string? FillKeys(ReadOnlySpan<byte> content, int count)
    {
        for (var i = 0; i < count; i++)
        {
            if (content.Length < 4 || BinaryPrimitives.ReadInt32LittleEndian(content) is not (> 0 and <= LongestKeyBytes and var length) || content.Length < 4 + length + RecordBytes)
            {
                return "it is cut off";
            }

            var key = Encoding.UTF8.GetString(content.Slice(4, length));
            var span = content.Slice(4 + length, RecordBytes);
            var record = new KeyRecord
            {
                Key = key,
                Slow = BinaryPrimitives.ReadSingleLittleEndian(span),
                Fast = BinaryPrimitives.ReadSingleLittleEndian(span[4..]),
                First = BinaryPrimitives.ReadInt32LittleEndian(span[8..]),
                Last = BinaryPrimitives.ReadInt32LittleEndian(span[12..]),
                Seen = BinaryPrimitives.ReadInt32LittleEndian(span[16..]),
            };
            var hours = new Half[HoursOfDay];
            for (var hour = 0; hour < HoursOfDay; hour++)
            {
                hours[hour] = BinaryPrimitives.ReadHalfLittleEndian(span[(20 + (2 * hour))..]);
            }

            var days = new float[DaysOfWeek];
            for (var day = 0; day < DaysOfWeek; day++)
            {
                days[day] = BinaryPrimitives.ReadSingleLittleEndian(span[(20 + (2 * HoursOfDay) + (4 * day))..]);
            }

            if (key.Length > KeyLearner.LongestKey || !IsPossible(record, hours, days))
            {
                return "a key's numbers cannot be right";
            }

            _keys.Add((key, record, hours, days));
            content = content[(4 + length + RecordBytes)..];
        }

        return content.IsEmpty ? null : "it has something after its end";
    }

    /// <summary>Sums of decayed ones have a least upper bound; hours come in order.</summary>
    private bool IsPossible(in KeyRecord record, Half[] hours, float[] days) =>
        record.Slow is >= 0 and <= 105 && record.Fast is >= 0 and <= 10
        && record.First >= 1 && record.First <= record.Last && record.Last <= record.Seen && record.Seen <= _observed
        && (record.First == _observed || record.Last < _observed)
        && Array.TrueForAll(hours, static value => value >= (Half)0 && value <= (Half)21)
        && Array.TrueForAll(days, static value => value is >= 0 and <= 279);
}
