using Township.Platform.Identity;

namespace Township.Modules.Accounts;

/// <summary>A user to insert.</summary>
internal sealed record NewUser
{
    public required string Id { get; init; }

    public required string Email { get; init; }

    public string EmailKey => AccountsStore.EmailKey(Email);

    public required string Name { get; init; }

    /// <summary>Null: cannot sign in with a password, which suits seeded residents.</summary>
    public string? PasswordHash { get; init; }

    public string Role { get; init; } = TownshipRoles.Resident;

    public string Bio { get; init; } = "";

    public string TimeZone { get; init; } = "UTC";

    /// <summary>Unix milliseconds; null: the address is not confirmed.</summary>
    public long? ConfirmedAt { get; init; }

    /// <summary>Unix milliseconds.</summary>
    public required long CreatedAt { get; init; }
}
