namespace Township.Platform;

/// <summary>Every metric name of Township.</summary>
internal static class TownshipMetrics
{
    public const string MeterName = "Township";
    public const string Commands = "township.db.commands";
    public const string Requests = "township.requests";
    public const string CommandsPerRequest = "township.db.commands_per_request";
}
