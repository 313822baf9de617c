namespace Millrace.Redis.Tests;

/// <summary>Options of tests: one server, one connection, quick to come back, time-outs that a busy machine keeps.</summary>
internal static class TestOptions
{
    public const int Limit = 120_000;

    public static RedisOptions For(string address, Action<RedisOptions>? change = null)
    {
        var options = RedisOptions.Parse(address);
        options.Topology = RedisTopology.Single;
        options.ConnectionsPerServer = 1;
        options.ConnectTimeout = TimeSpan.FromSeconds(20);
        options.CommandTimeout = TimeSpan.FromSeconds(30);
        options.ReconnectDelay = TimeSpan.FromMilliseconds(5);
        options.MaximumReconnectDelay = TimeSpan.FromMilliseconds(100);
        change?.Invoke(options);
        return options;
    }

    public static async Task<RedisClient> ConnectAsync(string address, Action<RedisOptions>? change = null, RedisClientServices? services = null) =>
        await RedisClient.ConnectAsync(For(address, change), services);

    /// <summary>Waits until something is so that no signal tells.</summary>
    public static async Task UntilAsync(Func<bool> isTrue, string what, TimeSpan? within = null)
    {
        using var limit = new CancellationTokenSource(within ?? TimeSpan.FromSeconds(60));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!isTrue())
        {
            try
            {
                await timer.WaitForNextTickAsync(limit.Token);
            }
            catch (OperationCanceledException late)
            {
                throw new TimeoutException($"Waited {within?.TotalSeconds ?? 60} s for {what}.", late);
            }
        }
    }
}
