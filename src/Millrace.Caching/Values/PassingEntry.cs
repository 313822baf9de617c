using Millrace.Caching.Local;

namespace Millrace.Caching.Values;

/// <summary>An entry that is not stored, for those who wait for it: its bytes stay where they came in.</summary>
internal sealed class PassingEntry<T>(in EntryHead head, ReadOnlyMemory<byte> payload, ValueCodec<T> codec) : Entry<T>(head, payload.Length)
{
    public override T Read() => codec.Decode(Key, payload);

    /// <summary>The value for the last who asks: it may be made of the bytes themselves.</summary>
    public T Take() => codec.Take(Key, payload);

    protected override Entry Again(in EntryHead head) => new PayloadEntry<T>(head, payload.ToArray(), codec);
}
