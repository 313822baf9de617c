namespace Township.Platform.Data;

/// <summary>
/// First data of a module. Runs once per database, in the start-up transaction after the migrations and under the same lock:
/// all of it is there, or none. Seeders run in the order of registration.
/// </summary>
internal interface ISeeder
{
    /// <summary>Recorded in the table <c>seeds</c> when done; a seeder whose name is there does not run again.</summary>
    string Name { get; }

    /// <summary>False: not now, and not recorded, so that it runs at a later start that wants it.</summary>
    bool Enabled { get; }

    Task SeedAsync(DatabaseTransaction sql, CancellationToken cancellationToken);
}
