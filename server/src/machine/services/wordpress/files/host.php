<?php
/**
 * Koza's: the site answers under the name it is asked by, if that is one of this machine's names, and under its own address otherwise
 * (https://name where there is a certificate). wp-config.php includes this file. The names are in host_names.php beside it, the address
 * in home.php, both written at every boot, the latter also when HTTPS begins or ends.
 */
(function () {
    $names = is_readable(__DIR__ . '/host_names.php') ? require __DIR__ . '/host_names.php' : [];
    $asked = strtolower($_SERVER['HTTP_HOST'] ?? '');
    $name  = preg_replace('/:\d+$/', '', $asked);
    $local = ['localhost', '127.0.0.1'];
    $home  = is_readable(__DIR__ . '/home.php') ? require __DIR__ . '/home.php' : 'http://localhost';

    // A balancer or the machine's own TLS front says how the visitor came.
    if (strtolower($_SERVER['HTTP_X_FORWARDED_PROTO'] ?? '') === 'https') {
        $_SERVER['HTTPS'] = 'on';
    }
    $secure = !empty($_SERVER['HTTPS']) && $_SERVER['HTTPS'] !== 'off';
    $url    = in_array($name, array_merge($names, $local), true) ? ($secure ? 'https://' : 'http://') . $asked : $home;

    defined('WP_HOME') || define('WP_HOME', $url);
    defined('WP_SITEURL') || define('WP_SITEURL', $url);
})();

// koza-wordpress-chores.timer runs what is due; a visitor never waits for it.
defined('DISABLE_WP_CRON') || define('DISABLE_WP_CRON', true);
// Files are written by Apache's own user; never ask for an FTP account.
defined('FS_METHOD') || define('FS_METHOD', 'direct');
defined('AUTOMATIC_UPDATER_DISABLED') || define('AUTOMATIC_UPDATER_DISABLED', true);

/**
 * What WordPress may ask of the world outside (updates, plugins, news):
 *   'auto'  ask, but give up after three seconds, and after a failure do not ask again for an hour (the default)
 *   'block' never ask
 *   'allow' as WordPress does by itself
 */
defined('KOZA_OUTBOUND') || define('KOZA_OUTBOUND', 'auto');
