using Millrace.Caching.Local;

namespace Millrace.Caching.WriteThrough;

/// <summary>What the writes of one key that are under way in this process share; it lives as long as there is one.</summary>
internal sealed class KeyTurn(string key) : IDisposable
{
    public string Key { get; } = key;

    /// <summary>The writes that hold it; guarded by the lock of <see cref="KeyTurns"/>.</summary>
    public int Holders { get; set; }

    /// <summary>Whose turn it is to write the source. Waiters go in the order in which they came.</summary>
    public SemaphoreSlim Source { get; } = new(1);

    /// <summary>Held for as long as the cache is changed, never while the source is written; guards the three below.</summary>
    public SemaphoreSlim View { get; } = new(1);

    /// <summary>The optimistic entry that was shown last and is not decided yet; null: none.</summary>
    public Entry? Shown { get; set; }

    /// <summary>What stood under the key before the optimistic entries that are not decided yet; null: nothing.</summary>
    public Entry? Before { get; set; }

    /// <summary>How to bring back what was accepted while a later entry was shown already; null: <see cref="Before"/> says it.</summary>
    public Func<ValueTask>? Restore { get; set; }

    public void Dispose()
    {
        Source.Dispose();
        View.Dispose();
    }
}
