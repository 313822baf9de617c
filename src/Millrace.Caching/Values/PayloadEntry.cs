using Millrace.Caching.Local;

namespace Millrace.Caching.Values;

/// <summary>An entry whose value is kept as bytes: each reader gets an object of its own.</summary>
internal sealed class PayloadEntry<T>(in EntryHead head, byte[] payload, ValueCodec<T> codec) : Entry<T>(head, payload.Length)
{
    public override T Read() => codec.Decode(Key, payload);

    protected override Entry Again(in EntryHead head) => new PayloadEntry<T>(head, payload, codec);
}
