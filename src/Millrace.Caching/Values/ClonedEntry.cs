using Millrace.Caching.Local;

namespace Millrace.Caching.Values;

/// <summary>An entry that keeps an object of its own, which nobody else has, and gives each reader a copy of it.</summary>
internal sealed class ClonedEntry<T>(in EntryHead head, T value, Func<T, T> clone, long valueBytes) : Entry<T>(head, valueBytes)
{
    private readonly T _value = clone(value);

    public override T Read() => clone(_value);

    protected override Entry Again(in EntryHead head) => new ClonedEntry<T>(head, _value, clone, ValueBytes);
}
