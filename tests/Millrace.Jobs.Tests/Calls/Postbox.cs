namespace Millrace.Jobs.Tests.Calls;

/// <summary>Remembers its calls, and does what the test says.</summary>
public sealed class Postbox(PostboxScript script) : IPostbox
{
    public Task SendAsync(string to, CancellationToken cancellationToken) => script.RunAsync(this, nameof(SendAsync), to, cancellationToken);

    public ValueTask SendLaterAsync(string to, DateTimeOffset at) => new(script.RunAsync(this, nameof(SendLaterAsync), to, at));

    public void Drop(int count) => _ = script.RunAsync(this, nameof(Drop), count);

    public async Task<Receipt> DeliverAsync(Letter letter, CancellationToken cancellationToken)
    {
        await script.RunAsync(this, nameof(DeliverAsync), letter, cancellationToken);
        return script.Result!;
    }

    public Task ManyAsync(IReadOnlyList<string> to, Dictionary<string, int> weights, params int[] codes) => script.RunAsync(this, nameof(ManyAsync), to, weights, codes);

    public Task KindsAsync(int? number, DayOfWeek day, Guid id, DateOnly date, TimeSpan time, decimal price, Letter? letter, byte[] raw) =>
        script.RunAsync(this, nameof(KindsAsync), number, day, id, date, time, price, letter, raw);

    public Task OptionalAsync(string to, int copies = 2, DayOfWeek? day = DayOfWeek.Friday, Letter? letter = null, TimeSpan wait = default) =>
        script.RunAsync(this, nameof(OptionalAsync), to, copies, day, letter, wait);

    public Task WithContextAsync(JobContext context, string to, CancellationToken first, CancellationToken second) =>
        script.RunAsync(this, nameof(WithContextAsync), context, to, first, second);
}
