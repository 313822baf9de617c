using Millrace.Caching.Invalidation;
using Millrace.Caching.Remote;

namespace Millrace.Caching.Tests.Remote.Model;

/// <summary>The first level as the second tells it of changes, with delays; or with a rule broken on purpose.</summary>
internal sealed class DawdlingLocal(ILocalLevel local, Dawdler dawdler, Mutation mutation, Func<Cache?> cache, Action<string, string> note) : ILocalLevel
{
    /// <summary>When it is done, what is told of changed keys meanwhile takes effect.</summary>
    public Task HeldUntil { get; set; } = Task.CompletedTask;

    public void KeyChanged(string key)
    {
        if (!HeldUntil.IsCompleted)
        {
            _ = ChangedLaterAsync(key);
            return;
        }

        dawdler.Spin();
        note(key, "the server tells of a change");
        if (mutation != Mutation.StaleFill || cache()?.TryGet<int>(key, out _) == true)
        {
            local.KeyChanged(key);
        }
        else
        {
            cache()?.Flights.Signals.Fire(key); // who waits is woken; who reads keeps its mark
        }
    }

    private async Task ChangedLaterAsync(string key)
    {
        await HeldUntil;
        local.KeyChanged(key);
    }

    public void LeaseEnded(string key)
    {
        dawdler.Spin();
        local.LeaseEnded(key);
    }

    public void TagInvalidated(string tag)
    {
        dawdler.Spin();
        note(tag, "a node tells of the tag");
        local.TagInvalidated(tag);
    }

    public void PatternInvalidated(KeyGlob pattern)
    {
        dawdler.Spin();
        note(pattern.Text, "a node tells of the pattern");
        local.PatternInvalidated(pattern);
    }

    public void EverythingInvalidated() => local.EverythingInvalidated();

    public void TrustLost()
    {
        note("", "trust is lost");
        if (mutation != Mutation.TrustKept)
        {
            local.TrustLost();
        }
        else
        {
            cache()?.Flights.Signals.FireAll();
        }
    }

    public ILocalLevel[]? Split(int count, Func<string, int> partitionOf) =>
        local.Split(count, partitionOf) is { } parts ? Array.ConvertAll(parts, ILocalLevel (part) => new DawdlingLocal(part, dawdler, mutation, cache, note)) : null;

    public void TrustUntil(long timestamp) => local.TrustUntil(mutation == Mutation.TrustKept ? long.MaxValue : timestamp);
}
