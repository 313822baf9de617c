using Millrace.Caching.Local;

namespace Millrace.Caching.Values;

/// <summary>An entry whose value is immutable: all readers get the same object.</summary>
internal sealed class SharedEntry<T>(in EntryHead head, T value, long valueBytes) : Entry<T>(head, valueBytes)
{
    public T Value { get; } = value;

    public override T Read() => Value;

    protected override Entry Again(in EntryHead head) => new SharedEntry<T>(head, Value, ValueBytes);
}
