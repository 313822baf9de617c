namespace Millrace.Redis.Configuration;

/// <summary>One option that a connection string can set.</summary>
/// <param name="Name">The option's name, which is its key.</param>
/// <param name="Aliases">Other keys for it, as .NET users have them in their settings.</param>
/// <param name="Expected">What its value looks like, for messages.</param>
/// <param name="Apply">Takes the value that the text says over; false when it is none.</param>
/// <param name="Write">The option's value as text, or null when it is the default.</param>
internal sealed record ConnectionOption(
    string Name,
    string[] Aliases,
    string Expected,
    Func<RedisOptions, string, bool> Apply,
    Func<RedisOptions, string?> Write);
