namespace Millrace.Jobs.Tests.Calls;

/// <summary>What the jobs of these tests call.</summary>
public interface IPostbox
{
    Task SendAsync(string to, CancellationToken cancellationToken);

    ValueTask SendLaterAsync(string to, DateTimeOffset at);

    void Drop(int count);

    Task<Receipt> DeliverAsync(Letter letter, CancellationToken cancellationToken);

    Task ManyAsync(IReadOnlyList<string> to, Dictionary<string, int> weights, params int[] codes);

    Task KindsAsync(int? number, DayOfWeek day, Guid id, DateOnly date, TimeSpan time, decimal price, Letter? letter, byte[] raw);

    Task OptionalAsync(string to, int copies = 2, DayOfWeek? day = DayOfWeek.Friday, Letter? letter = null, TimeSpan wait = default);

    Task WithContextAsync(JobContext context, string to, CancellationToken first, CancellationToken second);
}
