using Microsoft.Extensions.Options;
using Township.Modules.Accounts.Passwords;
using Township.Platform.Identity;

namespace Township.Modules.Accounts;

/// <summary>
/// Two accounts to try Township with, made at first start outside production, with passwords that everybody may know. Example
/// data may refer to them by id.
/// </summary>
internal sealed class DemoAccounts(
    PasswordVault passwords, TimeProvider time, IHostEnvironment environment, IOptions<TownshipSettings> settings) : ISeeder
{
    public const string ResidentId = "demo-resident";
    public const string ResidentEmail = "resident@township.example";
    public const string OperatorId = "demo-operator";
    public const string OperatorEmail = "operator@township.example";
    public const string Password = "try-township-2026";

    public string Name => "demo-accounts";

    public bool Enabled => settings.Value.DemoAccounts ?? !environment.IsProduction();

    public Task SeedAsync(DatabaseTransaction sql, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var hash = passwords.Hash(Password);
        return AccountsStore.InsertAsync(
            sql,
            [
                new NewUser
                {
                    Id = ResidentId, Email = ResidentEmail, Name = "Rosa Hill", PasswordHash = hash, ConfirmedAt = now,
                    CreatedAt = now, Bio = "Lives by the mill, grows too many courgettes.",
                },
                new NewUser
                {
                    Id = OperatorId, Email = OperatorEmail, Name = "Olaf Brook", PasswordHash = hash, ConfirmedAt = now,
                    CreatedAt = now, Role = TownshipRoles.Operator, Bio = "Keeps Township running.",
                },
            ],
            cancellationToken);
    }
}
