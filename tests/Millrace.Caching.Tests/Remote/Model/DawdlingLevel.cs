using Millrace.Caching.Invalidation;
using Millrace.Caching.Remote;

namespace Millrace.Caching.Tests.Remote.Model;

/// <summary>A second level with a delay before and after each of its awaits.</summary>
/// <param name="level">The level.</param>
/// <param name="dawdler">The delays.</param>
/// <param name="mutation">The rule that is broken, if any.</param>
/// <param name="note">Notes what happens to a key.</param>
internal sealed class DawdlingLevel(SecondLevel level, Dawdler dawdler, Mutation mutation, Action<string, string> note) : SecondLevel
{
    private (TaskCompletionSource Reached, Task Until)? _held; // set before the read that it is for
    private (Task Before, TaskCompletionSource Done, Task After)? _heldRemoval; // set before the removal that it is for

    public override bool IsAvailable => level.IsAvailable;

    public override bool HearsLate => level.HearsLate && mutation != Mutation.WordsAwaited;

    /// <summary>Holds the answer of the next read back until a task ends.</summary>
    /// <returns>Ends when the answer is there and held back.</returns>
    public Task Hold(Task until)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _held = (reached, until);
        return reached.Task;
    }

    /// <summary>Holds the next removal back before it is carried out, and then before it returns.</summary>
    /// <returns>Ends when it was carried out.</returns>
    public Task HoldRemoval(Task before, Task after)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _heldRemoval = (before, done, after);
        return done.Task;
    }

    public override long Stamp => level.Stamp;

    public override long ServerNow => level.ServerNow;

    public override bool IsAvailableFor(string key) => level.IsAvailableFor(key);

    public override bool IsAwayFor(string key) => level.IsAwayFor(key);

    public override long ServerNowFor(string key) => level.ServerNowFor(key);

    public override CacheStamp StampAt(long sequence) => level.StampAt(sequence);

    public override long StampFor(string key, in CacheStamp stamp) => level.StampFor(key, stamp);

    public override ValueTask ReadyAsync(CancellationToken cancellationToken) => level.ReadyAsync(cancellationToken);

    public override ValueTask ReadyAsync(string key, CancellationToken cancellationToken) => level.ReadyAsync(key, cancellationToken);

    public override ValueTask ReadyAsync(IReadOnlyList<string> keys, CancellationToken cancellationToken) => level.ReadyAsync(keys, cancellationToken);

    public override async ValueTask<RemoteAnswer> ReadAsync(string key, string[] tags, CancellationToken cancellationToken)
    {
        var answer = await AroundAsync(() => level.ReadAsync(key, tags, cancellationToken), "read", key, Describe);
        if (_held is var (reached, until))
        {
            _held = null;
            reached.SetResult();
            await until;
        }

        return answer;
    }

    public override ValueTask<RemoteAnswer> LeaseAsync(string key, string[] tags, long invalid, CancellationToken cancellationToken) =>
        AroundAsync(() => level.LeaseAsync(key, tags, invalid, cancellationToken), $"lease over {invalid}", key, Describe);

    public override async ValueTask<bool?> FillAsync(string key, RemoteLease lease, RemoteEntry entry, TimeSpan lifetime)
    {
        var stored = await AroundAsync(() => level.FillAsync(key, lease, entry, lifetime), $"fill {Value(entry)} at {entry.Stamp}", key, static stored => $"{stored}");
        return stored == true || (mutation == Mutation.StaleSet && await level.SetAsync(key, entry with { Stamp = 0 }, lifetime, CancellationToken.None) == true) ? true : stored;
    }

    public override ValueTask<RemoteAnswer[]> ReadManyAsync(IReadOnlyList<string> keys, string[] tags, CancellationToken cancellationToken) =>
        AroundAsync(() => level.ReadManyAsync(keys, tags, cancellationToken));

    public override ValueTask<RemoteAnswer> RenewAsync(string key, ReadOnlyMemory<byte> mark, CancellationToken cancellationToken) =>
        AroundAsync(() => level.RenewAsync(key, mark, cancellationToken));

    public override ValueTask FailAsync(string key, RemoteLease lease, TimeSpan throttle) => AroundAsync(() => level.FailAsync(key, lease, throttle));

    public override ValueTask<bool?> RetimeAsync(string key, TimeSpan lifetime, CancellationToken cancellationToken) =>
        AroundAsync(() => level.RetimeAsync(key, lifetime, cancellationToken));

    public override ValueTask ReleaseAsync(string key, RemoteLease lease) => AroundAsync(() => level.ReleaseAsync(key, lease));

    public override ValueTask<bool?> SetAsync(string key, RemoteEntry entry, TimeSpan lifetime, CancellationToken cancellationToken) =>
        AroundAsync(() => level.SetAsync(key, entry, lifetime, cancellationToken), $"set {Value(entry)}", key, static stored => $"{stored}");

    public override ValueTask TouchAsync(string key, TimeSpan lifetime) => AroundAsync(() => level.TouchAsync(key, lifetime));

    public override async ValueTask RemoveAsync(IReadOnlyList<string> keys, bool confirmed, CancellationToken cancellationToken)
    {
        var held = _heldRemoval;
        _heldRemoval = null;
        await (held?.Before ?? Task.CompletedTask);
        await AroundAsync(() => level.RemoveAsync(keys, confirmed, cancellationToken));
        held?.Done.SetResult();
        await (held?.After ?? Task.CompletedTask);
    }

    public override ValueTask InvalidateAsync(
        IReadOnlyList<string> tags, IReadOnlyList<KeyGlob> patterns, bool everything, bool confirmed, CancellationToken cancellationToken) =>
        AroundAsync(() => level.InvalidateAsync(tags, patterns, everything, confirmed, cancellationToken));

    public override void Outdate(string key)
    {
        level.Outdate(key);
        note(key, "outdate");
    }

    public override ValueTask DisposeAsync() => level.DisposeAsync();

    private static string Value(RemoteEntry entry) => System.Text.Encoding.UTF8.GetString(entry.Payload.Span);

    private static string Describe(RemoteAnswer answer) => answer.Kind switch
    {
        RemoteAnswerKind.Hit => $"Hit {Value(answer.Entry)} at {answer.Entry.Stamp}",
        RemoteAnswerKind.Granted => $"Granted at {answer.Lease!.Stamp}",
        RemoteAnswerKind.Missing => $"Missing, {answer.Entry.Stamp}",
        _ => answer.Kind.ToString(),
    };

    private async ValueTask<T> AroundAsync<T>(Func<ValueTask<T>> call, string what, string key, Func<T, string> describe)
    {
        await dawdler.DawdleAsync();
        note(key, what);
        var result = await call();
        note(key, $"{what}: {describe(result)}");
        await dawdler.DawdleAsync();
        return result;
    }

    private async ValueTask<T> AroundAsync<T>(Func<ValueTask<T>> call)
    {
        await dawdler.DawdleAsync();
        var result = await call();
        await dawdler.DawdleAsync();
        return result;
    }

    private async ValueTask AroundAsync(Func<ValueTask> call)
    {
        await dawdler.DawdleAsync();
        await call();
        await dawdler.DawdleAsync();
    }
}
