<?php
/**
 * Installs WordPress if it is not, then sets what the portal wishes. Wishes come as JSON on stdin, only those that changed:
 * home (the site's address), locale, title, admin_user, admin_password, admin_email, time_zone.
 */

$wishes = json_decode(stream_get_contents(STDIN), true) ?: [];
$_SERVER['HTTP_HOST'] = parse_url($wishes['home'] ?? 'http://localhost', PHP_URL_HOST);
$_SERVER['REQUEST_METHOD'] = 'GET';
$site = '/var/www/html';

/** The admin is the first user, whatever it is called by now; if the person deleted it, a new one is made. */
const ADMIN_ID = 1;

// MariaDB says it is up a moment before it lets everybody in.
for ($try = 0; $try < 50; $try++) {
    try {
        new mysqli('localhost', 'nobody', '');
    } catch (mysqli_sql_exception $error) {
        if ($error->getCode() !== 2002) {
            break;      // it answers
        }
    }
    usleep(100000);
}

// So that WordPress loads without tables as well as with them, and without the person's plugins.
define('WP_INSTALLING', true);
require "$site/wp-load.php";

if (!is_blog_installed()) {
    // The mail about the new site would go nowhere.
    function wp_new_blog_notification($title, $url, $user, $password) {}
    require "$site/wp-admin/includes/upgrade.php";
    wp_install($wishes['title'] ?? 'Koza', $wishes['admin_user'] ?? 'admin', $wishes['admin_email'] ?? 'admin@localhost.localdomain',
        true, '', $wishes['admin_password'] ?? wp_generate_password(32), isset($wishes['locale']) ? language($wishes['locale']) : '');
    update_option('permalink_structure', '/%year%/%monthnum%/%day%/%postname%/');
    flush_rewrite_rules(false);
    // Comments from strangers are nobody's lesson.
    update_option('default_comment_status', 'closed');
    update_option('default_ping_status', 'closed');
    update_option('comment_moderation', '1');
}

if (isset($wishes['home'])) {
    // The constants in host.php decide; these are for whoever reads the options.
    update_raw_option('siteurl', $wishes['home']);
    update_raw_option('home', $wishes['home']);
}
if (isset($wishes['locale'])) {
    update_option('WPLANG', language($wishes['locale']));
}
if (isset($wishes['title'])) {
    update_option('blogname', $wishes['title']);
}
if (isset($wishes['time_zone']) && in_array($wishes['time_zone'], timezone_identifiers_list(), true)) {
    update_option('timezone_string', $wishes['time_zone']);
}

if (array_intersect_key($wishes, array_flip(['admin_user', 'admin_email', 'admin_password']))) {
    $admin = admin($wishes['admin_user'] ?? 'admin', $wishes['admin_email'] ?? 'admin@localhost.localdomain');
    $change = array_filter([
        'user_login' => $wishes['admin_user'] ?? null,
        'user_nicename' => isset($wishes['admin_user']) ? sanitize_title($wishes['admin_user']) : null,
        'display_name' => $wishes['admin_user'] ?? null,
        'user_email' => $wishes['admin_email'] ?? null,
        'user_pass' => isset($wishes['admin_password']) ? wp_hash_password($wishes['admin_password']) : null,
    ]);
    $wpdb->update($wpdb->users, $change, ['ID' => $admin]);
    clean_user_cache($admin);
    if (isset($wishes['admin_email'])) {
        update_option('admin_email', $wishes['admin_email']);
    }
}

/** WordPress's name for a language, if its files are here. */
function language($locale) {
    return is_readable("/var/www/html/wp-content/languages/$locale.mo") ? $locale : '';
}

/** update_option() refuses to see a difference where a constant overrides the value. */
function update_raw_option($name, $value) {
    global $wpdb;
    $wpdb->update($wpdb->options, ['option_value' => $value], ['option_name' => $name]);
    wp_cache_delete('alloptions', 'options');
}

function admin($login, $email) {
    if (get_userdata(ADMIN_ID)) {
        return ADMIN_ID;
    }
    $user = get_user_by('login', $login);
    return $user ? $user->ID : wp_insert_user([
        'user_login' => $login, 'user_email' => $email, 'user_pass' => wp_generate_password(32), 'role' => 'administrator',
    ]);
}
