namespace Township.Modules.Accounts;

/// <summary>A user's profile and preferences, without secrets: what is cached.</summary>
internal sealed record Profile
{
    public string Id { get; init; } = "";

    public string Name { get; init; } = "";

    public string Email { get; init; } = "";

    public string Role { get; init; } = "";

    public string Bio { get; init; } = "";

    public string Language { get; init; } = "en";

    public string TimeZone { get; init; } = "UTC";

    public bool NotifyInApp { get; init; }

    public bool NotifyByEmail { get; init; }

    public bool DailyDigest { get; init; }

    public bool Confirmed { get; init; }

    public long CreatedAt { get; init; }
}
